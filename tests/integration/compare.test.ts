import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { runCli } from "../support/cli.ts";
import { folderWith, openTestCore, untilDone } from "../support/core.ts";
import { fillCatalog } from "../support/many-runs.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import {
  fillToyCatalog,
  keepOutcomes,
  openToyCatalog,
  outcomeRow,
} from "../support/toy-catalog.ts";

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

test("scores under two threat models stand in rows of their own", async () => {
  const folder = temporaryFolder();
  fillCatalog(folder, 2);
  const catalog = openToyCatalog(folder);
  const { models, attacks, threatModelId } = fillToyCatalog(catalog, {
    models: 2,
    attacks: 1,
    samples: 4,
    classes: 2,
  });
  const known = catalog.evaluations.threatModel(threatModelId);
  catalog.evaluations.addThreatModel({
    ...known,
    id: "few",
    sampleSet: { split: "test", indexes: [0, 1], hash: "few" },
  });
  const db = new Database(join(folder, "catalog.sqlite"));
  for (const [index, model] of models.entries()) {
    db.prepare("UPDATE model SET run_id = (SELECT id FROM run WHERE no = ?) WHERE id = ?").run(
      index + 1,
      model,
    );
    for (const [threat, samples] of [
      [threatModelId, [0, 1, 2, 3]],
      ["few", [0, 1]],
    ] as const)
      keepOutcomes(
        catalog,
        catalog.evaluations.add(model, attacks[0] ?? "", threat),
        samples.map((sample) => outcomeRow(sample, { l2: samples.length * (index + 1) })),
      );
  }
  const runs = db.prepare<[], { id: string }>("SELECT id FROM run ORDER BY no").all();
  db.close();
  catalog.close();
  const { client } = await openTestCore(folder);
  const { sections } = await client.runs.compare({ runs: runs.map(({ id }) => id) });
  const scores = sections.results.filter(({ name }) => name.startsWith("score five"));
  expect(scores.map(({ name, values }) => [/\d+ samples/.exec(name)?.[0], values])).toEqual(
    expect.arrayContaining([
      ["4 samples", [4, 8]],
      ["2 samples", [2, 4]],
    ]),
  );
  expect(scores).toHaveLength(2);
});
