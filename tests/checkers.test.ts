/** The checkers of `npm run check` must be able to fail: here they look at code that is wrong. */
import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { z } from "zod";
import { temporaryFolder } from "./support/temporary-folder.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const fixtures = join(root, "tests/fixtures/layers");

const reportSchema = z.object({
  diagnostics: z.array(
    z.object({
      code: z.string().optional(),
      filename: z.string(),
      labels: z.array(z.object({ span: z.object({ line: z.number() }) })),
    }),
  ),
});

/** `file:line rule` of everything that the lint rules of this repository say of the fixtures. */
function lintFixtures(): Set<string> {
  const folder = temporaryFolder();
  cpSync(fixtures, folder, { recursive: true });
  copyFileSync(join(root, ".oxlintrc.json"), join(folder, ".oxlintrc.json"));
  const program = join(root, "node_modules/oxlint/bin/oxlint");
  const args = [program, "--format", "json"];
  const { stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
  const { diagnostics } = reportSchema.parse(JSON.parse(stdout));
  return new Set(
    diagnostics.flatMap(({ code, filename, labels }) =>
      labels.map(({ span }) => `${filename.replaceAll("\\", "/")}:${span.line} ${code}`),
    ),
  );
}

test("oxlint finds what the fixtures do wrong, in every layer", () => {
  const found = lintFixtures();
  const expected = globSync("**/*.ts", { cwd: fixtures }).flatMap((file) =>
    readFileSync(join(fixtures, file), "utf8")
      .split("\n")
      .flatMap((text, index) => {
        const rule = /\/\/ lint: (.*)/.exec(text)?.[1];
        return rule ? [`${file.replaceAll("\\", "/")}:${index + 1} ${rule}`] : [];
      }),
  );
  expect(expected.length).toBeGreaterThan(5);
  expect(expected.filter((line) => !found.has(line))).toEqual([]);

  const restricted = [...found].filter((line) => line.endsWith("(no-restricted-imports)"));
  expect(
    [...new Set(restricted.map((line) => line.split(":")[0]))].toSorted((a = "", b = "") =>
      a.localeCompare(b, "en"),
    ),
  ).toEqual([
    "agent/program.ts",
    "cli/main.ts",
    "core/api/router.ts",
    "core/catalog/open.ts",
    "core/core.ts",
    "core/domain/plan.ts",
    "core/engine/engine.ts",
    "core/platform/clock.ts",
    "core/runners/process/runner.ts",
    "core/services/runs.ts",
    "core/storage/store.ts",
    "renderer/page.ts",
    "resources/kits/one/train.ts",
    "shared/errors.ts",
  ]);
});

test.each([
  ["shared", "export const a = process.pid;", "process"],
  ["shared", 'export * from "node:fs";', "node:fs"],
  ["shared", "export const a = document.title;", "document"],
  ["core", "export const a = document.title;", "document"],
  ["core", "export const a: string = 1;", "number"],
  ["agent", "export const a = window;", "window"],
])("the types of %s do not know: %s", (layer, source, said) => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "bad.ts"), source);
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: join(root, layer, "tsconfig.json"),
      compilerOptions: { typeRoots: [join(root, "node_modules/@types")] },
      files: ["bad.ts"],
      include: [],
    }),
  );
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const { status, stdout } = spawnSync(process.execPath, [compiler, "-p", folder], {
    encoding: "utf8",
  });
  expect(status).not.toBe(0);
  expect(stdout).toContain(said);
});
