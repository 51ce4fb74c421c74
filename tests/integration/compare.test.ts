import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCli } from "../support/cli.ts";
import { folderWith, openTestCore, untilDone } from "../support/core.ts";

const spec = `name: pair
parameters: { rate: { type: float, default: 0.1 } }
train: { command: [node, main.mjs] }
`;
const program = (loss: number) => `import { appendFileSync, writeFileSync } from "node:fs";
const out = process.env.GAUNTLET_RUN_DIR + "/out/";
appendFileSync(out + "metrics.jsonl", '{"train/loss": ${loss}, "step": 1}\\n');
writeFileSync(out + "summary.json", '{"accuracy": ${1 - loss}}');
`;

/** Two runs between which a value and the code changed. */
async function twoRuns() {
  const { client, data } = await openTestCore();
  const folder = folderWith({
    "gauntlet.yaml": spec,
    "main.mjs": program(0.25),
    "gone.txt": "before\n",
    "same.txt": "same\n",
  });
  writeFileSync(join(folder, "weights.bin"), Buffer.from([0, 1, 2]));
  const a = (await client.runs.submit({ folder })).run;
  await untilDone(client, [a]);
  rmSync(join(folder, "gone.txt"));
  writeFileSync(join(folder, "main.mjs"), program(0.5));
  writeFileSync(join(folder, "weights.bin"), Buffer.from([0, 1, 3]));
  const b = (await client.runs.submit({ folder, parameters: { rate: 0.2 } })).run;
  await untilDone(client, [b]);
  return { client, data, a, b };
}

test("runs are laid side by side, value by value and file by file", async () => {
  const { client, data, a, b } = await twoRuns();
  const { runs, sections } = await client.runs.compare({ runs: [a, b] });
  expect(runs.map(({ id }) => id)).toEqual([a, b]);
  expect(sections.parameters).toEqual([
    { name: "rate", values: [0.1, 0.2], differs: true },
    { name: "seed", values: [0, 0], differs: false },
  ]);
  expect(sections.results).toEqual([{ name: "accuracy", values: [0.75, 0.5], differs: true }]);
  expect(sections.metrics).toEqual([{ name: "train/loss", values: [0.25, 0.5], differs: true }]);
  expect(sections.environment.find(({ name }) => name === "host.cpus")?.differs).toBe(false);
  const code = await client.runs.diffCode({ a, b });
  expect(code.same).toBe(2);
  expect(code.files.map(({ path, change }) => `${change} ${path}`)).toEqual([
    "removed gone.txt",
    "changed main.mjs",
    "changed weights.bin",
  ]);
  expect(code.files[1]?.patch).toContain(
    `-appendFileSync(out + "metrics.jsonl", '{"train/loss": 0.25`,
  );
  expect(code.files[2]?.patch).toBeNull();

  const diff = await runCli(["runs", "diff", a, b], data);
  expect(diff.stdout).toMatch(/rate +0\.1 +0\.2/);
  expect(diff.stdout).not.toMatch(/seed +0/);
  expect(diff.stdout).toContain("removed gone.txt");
  const compare = await runCli(["runs", "compare", a, b, "--all"], data);
  expect(compare.stdout).toMatch(/seed +0 +0/);
  expect((await runCli(["runs", "diff", a, "nobody"], data)).status).toBe(4);
});
