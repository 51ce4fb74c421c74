import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { hasProgram } from "../../tests/parts.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { packagesScript, readPackages } from "./python-packages.ts";
import { runProgram } from "./run-program.ts";

/** Runs the script with `code` in front of it. */
const ask = async (code: string) =>
  readPackages(await runProgram("python3", ["-c", `${code}\n${packagesScript}`]));

function filesIn(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

const folder = () =>
  filesIn({
    "torch/version.py": "__version__ = '2.9.0+cu130'\ncuda: Optional[str] = '13.0'\n",
    "torch-2.9.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: torch\nVersion: 2.9.0+cu130\n",
    "broken-1.dist-info/METADATA": "",
    "conda-meta/cudatoolkit-11.8.0-h37601d7_11.json": "{}",
    "conda-meta/history": "",
  });

test.skipIf(!hasProgram("python3"))(
  "packages of pip and conda, and the CUDA that PyTorch was built for [python3]",
  async () => {
    const path = JSON.stringify(folder());
    const found = await ask(`import sys; sys.path.insert(0, ${path}); sys.prefix = ${path}`);
    expect(found?.runtime).toMatch(/^Python 3\.\d+/);
    expect(found).toMatchObject({
      cuda: "13.0",
      packages: { torch: "2.9.0+cu130", cudatoolkit: "11.8.0" },
    });
  },
);

test.skipIf(!hasProgram("python3"))(
  "a Python without importlib.metadata is read by the names of folders [python3]",
  async () => {
    const code = `import sys; sys.path.insert(0, ${JSON.stringify(folder())})
sys.modules["importlib.metadata"] = None
import importlib; importlib.__dict__.pop("metadata", None)`;
    expect((await ask(code))?.packages["torch"]).toBe("2.9.0");
  },
);

test.each([
  "",
  "null",
  "3",
  "Traceback (most recent call last):",
  `{"runtime": 3, "packages": {}}`,
  `{"runtime": "Python 3", "packages": null}`,
])("what is no answer of it is none: %j", (text) => expect(readPackages(text)).toBeNull());

test("an image cannot fill the catalog with its answer", () => {
  const packages = Object.fromEntries(
    Array.from({ length: 30_000 }, (_, index) => [`p${index}`, "1"]),
  );
  const found = readPackages(
    JSON.stringify({
      runtime: "Python 3",
      cuda: 3,
      packages: { ...packages, big: "x".repeat(999) },
    }),
  );
  expect(Object.keys(found?.packages ?? {})).toHaveLength(20_000);
  expect(found).toMatchObject({ cuda: null });
  expect(found?.packages["big"]).toBeUndefined();
});
