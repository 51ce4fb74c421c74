/** The PyTorch kit: its parts alone, and as a user would run it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { uniformGenerator } from "../../core/domain/seed.ts";
import { encodeNpy } from "../../shared/npy.ts";
import { runCli } from "../support/cli.ts";
import { folderWith, logOf, openTestCore, untilDone } from "../support/core.ts";
import { environmentWith, hasNumpy, hasTorch, pythonFolder } from "../support/python-with-torch.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const repository = fileURLToPath(new URL("../../", import.meta.url));
const kit = join(repository, "resources", "kits", "pytorch");
const checkSchema = z.object({ check: z.string(), problem: z.string().nullable() });

/** The problems that a file of checks tells, and how many checks it made. */
async function check(file: string, needs: "torch" | "numpy") {
  const path = join(repository, "tests", "fixtures", "pytorch-kit", file);
  const folder = usePython(needs);
  const child = spawn("python3", [path, kit], {
    cwd: temporaryFolder(),
    env: environmentWith(folder),
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output, [status]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  const checks = output
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => checkSchema.parse(JSON.parse(line)));
  return {
    status,
    made: checks.length,
    problems: checks.filter(({ problem }) => problem !== null),
  };
}

/** The folder of a python3 in Docker, or null; it goes with the test. */
function usePython(needs: "torch" | "numpy"): string | null {
  const folder = pythonFolder(needs);
  if (folder !== null) onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe("parts", () => {
  test.skipIf(!hasNumpy())(
    "what needs NumPy alone is right [numpy or torch in docker]",
    async () => {
      expect(await check("numpy_checks.py", "numpy")).toEqual({
        status: 0,
        made: 13,
        problems: [],
      });
    },
  );

  test.skipIf(!hasTorch())("what needs PyTorch is right [torch or torch in docker]", async () => {
    expect(await check("torch_checks.py", "torch")).toEqual({ status: 0, made: 10, problems: [] });
  });
});

describe("installation", () => {
  test("a new catalog has the kit's attacks and sets, and the digits kit's set stays active", async () => {
    const { client, data, close } = await openTestCore();
    const sets = await client.attacks.sets({});
    expect(sets.map(({ name, active }) => ({ name, active }))).toEqual(
      expect.arrayContaining([
        { name: "Digits five", active: true },
        { name: "PyTorch five", active: false },
        { name: "AutoAttack", active: false },
      ]),
    );
    const attacks = await client.attacks.list({});
    const access = new Set(attacks.map(({ definition }) => definition.access));
    expect([...access].toSorted()).toEqual(["decision-based", "score-based", "white-box"]);
    await close();
    const again = await openTestCore(data);
    expect(await again.client.attacks.list({})).toHaveLength(attacks.length);
    expect(await again.client.attacks.sets({})).toHaveLength(sets.length);
  });
});

/** A packed dataset of 12 x 12 images of three colours, with noise. */
function packedColours(): string {
  const random = uniformGenerator(3);
  const shape = [3, 12, 12];
  const files = folderWith({});
  const split = (name: string, count: number) => {
    const labels = Uint8Array.from({ length: count }, (_, i) => i % 3);
    const images = Uint8Array.from({ length: count * 432 }, (_, j) => {
      const isColour = Math.floor((j % 432) / 144) === labels[Math.floor(j / 432)];
      return (isColour ? 110 : 80) + 90 * random();
    });
    const paths = { images: `${name}-images.npy`, labels: `${name}-labels.npy` };
    writeFileSync(
      join(files, paths.images),
      encodeNpy({ dtype: "|u1", shape: [count, ...shape], data: images }),
    );
    writeFileSync(
      join(files, paths.labels),
      encodeNpy({ dtype: "|u1", shape: [count], data: labels }),
    );
    return { ...paths, count };
  };
  const dataset = {
    name: "colours",
    version: "1",
    classes: ["red", "green", "blue"],
    input: { shape, layout: "NCHW", bounds: [0, 1] },
    splits: { train: split("train", 240), test: split("test", 30) },
  };
  writeFileSync(join(files, "dataset.json"), JSON.stringify(dataset));
  return files;
}

test.skipIf(!hasTorch())(
  "train, test, attack and verify, as a user would [torch or torch in docker]",
  async () => {
    const folder = join(temporaryFolder(), "colours");
    const made = await runCli(["init", folder, "--template", "pytorch"], temporaryFolder());
    expect(made, made.stderr).toMatchObject({ status: 0 });
    const file = join(folder, "gauntlet.yaml");
    const attacks = ["foolbox-ddn", "foolbox-hopskipjump", "square-linf"];
    writeFileSync(
      file,
      readFileSync(file, "utf8")
        .replace("dataset: my-images", "dataset: colours")
        .replace("shape: [3, 32, 32]", "shape: [3, 12, 12]")
        .replace("default: 10, min: 1, max: 10000", "default: 4, min: 1, max: 10000")
        .replace("default: 128, min: 1", "default: 16, min: 1")
        .replace("attacks: PyTorch five", `attacks: [${attacks.join(", ")}]`)
        .replace("samples: 500", "samples: 30")
        .replace("samples: 100", "samples: 5")
        .replace("bounds: [0, 1] }\nsweep", "bounds: [0, 1], queries: 200 }\nsweep"),
    );
    const before = process.env["PATH"];
    const python = usePython("torch");
    process.env["PATH"] = environmentWith(python)["PATH"];
    onTestFinished(() => {
      process.env["PATH"] = before;
    });
    const { client } = await openTestCore();
    await client.datasets.add({ folder: packedColours() });
    const { run } = await client.runs.submit({ folder });
    const progress = await untilDone(client, [run]);
    const log = await logOf(client, run);
    expect(
      progress.runs.map(({ state }) => state),
      log,
    ).toEqual(["succeeded"]);
    expect(
      progress.evaluations.map(({ state }) => state),
      log,
    ).toEqual(attacks.map(() => "verified"));
    const { evaluations } = await client.runs.get({ run });
    expect(evaluations.flatMap(({ rejections }) => rejections)).toEqual([]);
    // The model learnt something, and minimal attacks fool all that it knows.
    for (const attack of ["foolbox-ddn@1.0.0", "foolbox-hopskipjump@1.0.0"]) {
      const facts = evaluations.find((evaluation) => evaluation.attack === attack)?.facts;
      expect(facts?.tried).toBeGreaterThan(2);
      expect(facts?.found).toBe(facts?.tried);
    }
  },
  // Eight containers one after another, each of which imports PyTorch.
  300_000,
);
