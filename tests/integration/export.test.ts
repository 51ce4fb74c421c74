import { readFileSync } from "node:fs";
import { join } from "node:path";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { expect, test } from "vitest";
import { runCli } from "../support/cli.ts";
import { folderWith, openTestCore, untilDone } from "../support/core.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import {
  fillToyCatalog,
  keepOutcomes,
  openToyCatalog,
  outcomeRow,
} from "../support/toy-catalog.ts";

const program = `import { appendFileSync, writeFileSync } from "node:fs";
const out = process.env.GAUNTLET_RUN_DIR + "/out/";
const rate = Number(process.argv[2]);
for (let step = 0; step < 3; step++)
  appendFileSync(out + "metrics.jsonl", JSON.stringify({ step, "train/loss": rate / (step + 1) }) + "\\n");
writeFileSync(out + "summary.json", JSON.stringify({ accuracy: 1 - rate, note: 'said "fine", and went' }));
`;

async function twoRuns() {
  const { client, data } = await openTestCore();
  const folder = folderWith({
    "gauntlet.yaml": `name: exported
parameters: { rate: { type: float, default: 0.5 } }
train: { command: [node, main.mjs, "{rate}"] }
sweep: { values: { rate: [0.5, 0.25] } }
`,
    "main.mjs": program,
  });
  const { runs } = await client.sweeps.submit({ folder });
  await untilDone(client, runs);
  return { client, data, runs };
}

test("runs, metrics and the leaderboard as files of every kind", async () => {
  const { client, data } = await twoRuns();
  const folder = temporaryFolder();
  const csv = await runCli(["export", "runs", "--where", "rate = 0.25"], data);
  const [header = "", row = "", ...rest] = csv.stdout.split("\r\n");
  expect(rest).toEqual([""]);
  expect(header.split(",")).toEqual(
    expect.arrayContaining(["id", "rate", "train/loss", "accuracy"]),
  );
  expect(row).toContain('"said ""fine"", and went"');
  expect(row).toContain("rate=0.25");

  const parquet = join(folder, "runs.parquet");
  expect((await runCli(["export", "runs", "--out", parquet], data)).status).toBe(0);
  const rows = await parquetReadObjects({ file: await asyncBufferFromFile(parquet) });
  expect(rows).toHaveLength(2);
  const byRate = new Map(rows.map((one) => [one["rate"], [one["train/loss"], one["accuracy"]]]));
  expect(byRate.get(0.25)).toEqual([0.25 / 3, 0.75]);
  expect(byRate.get(0.5)).toEqual([0.5 / 3, 0.5]);

  const { runs } = await client.runs.list({});
  const json = join(folder, "points.json");
  const names = runs.map(({ id }) => id);
  expect((await runCli(["export", "metrics", ...names, "--out", json], data)).status).toBe(0);
  const points = JSON.parse(readFileSync(json, "utf8")) as { step: number; value: number }[];
  expect(points).toHaveLength(6);
  expect(points[2]).toMatchObject({ metric: "train/loss", stage: "train", attempt: 1, step: 2 });

  const only = await runCli(["export", "runs", "--column", "rate", "--format", "jsonl"], data);
  const first = JSON.parse(only.stdout.split("\n")[0] ?? "") as object;
  expect(Object.keys(first)).not.toContain("accuracy");
  expect(first).toHaveProperty("rate");
});

/** Rows of an export, as JSON lines tell them. */
async function rowsOf(data: string, ...args: string[]): Promise<Record<string, unknown>[]> {
  const { status, stdout } = await runCli(["export", ...args, "--format", "jsonl"], data);
  expect(status).toBe(0);
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test("runs come as they were made, points run by run as asked for and as they were reported", async () => {
  const { client, data } = await openTestCore();
  const folder = folderWith({
    "gauntlet.yaml": `name: ordered
parameters: { rate: { type: float, default: 0.5 } }
train: { command: [node, main.mjs, "{rate}"] }
`,
    "main.mjs": `import { appendFileSync } from "node:fs";
const rate = Number(process.argv[2]);
for (const step of [2, 0, 1])
  appendFileSync(process.env.GAUNTLET_RUN_DIR + "/out/metrics.jsonl", JSON.stringify({ step, z: rate, a: step }) + "\\n");
`,
  });
  const runs: string[] = [];
  for (const rate of [0.5, 0.75, 0.25])
    runs.push((await client.runs.submit({ folder, parameters: { rate } })).run);
  await untilDone(client, runs);
  expect((await rowsOf(data, "runs")).map(({ id }) => id)).toEqual(runs);
  const [first = "", second = "", third = ""] = runs;
  const asked = [third, first, second];
  const names = await Promise.all(asked.map(async (run) => (await client.runs.get({ run })).name));
  const points = await rowsOf(data, "metrics", ...asked);
  expect(points.map(({ run, metric, step }) => [run, metric, step])).toEqual(
    names.flatMap((run) =>
      ["a", "z"].flatMap((metric) => [2, 0, 1].map((step) => [run, metric, step])),
    ),
  );
});

test("outcomes come by model, evaluation and sample, the leaderboard by rank", async () => {
  const data = temporaryFolder();
  const catalog = openToyCatalog(data);
  const { models, attacks, threatModelId } = fillToyCatalog(catalog, {
    models: 3,
    attacks: 2,
    samples: 3,
    classes: 3,
  });
  const distances = [2, 3, 1];
  // The last model lacks an attack, and the second attack was evaluated first.
  for (const [index, model] of models.entries())
    for (const attack of index === 2 ? attacks.slice(1) : attacks.toReversed())
      keepOutcomes(
        catalog,
        catalog.evaluations.add(model, attack, threatModelId),
        [0, 1, 2].map((sample) => outcomeRow(sample, { l2: distances[index] ?? 0 })),
      );
  await catalog.reader.close();
  catalog.close();
  await openTestCore(data);
  const outcomes = await rowsOf(data, "outcomes");
  const rows = (model: string, ...made: string[]) =>
    made.flatMap((attack) => [0, 1, 2].map((position) => [model, `${attack}@1`, position]));
  expect(outcomes.map(({ model, attack, position }) => [model, attack, position])).toEqual([
    ...rows("model-2", "attack-1"),
    ...rows("model-1", "attack-1", "attack-0"),
    ...rows("model-0", "attack-1", "attack-0"),
  ]);
  const asked = await rowsOf(data, "outcomes", "model-0", "model-2");
  expect([...new Set(asked.map(({ model }) => model))]).toEqual(["model-0", "model-2"]);
  const board = await rowsOf(data, "leaderboard");
  expect(board.map(({ rank, model, score }) => [rank, model, score])).toEqual([
    [1, "model-1", 3],
    [2, "model-0", 2],
    [null, "model-2", null],
  ]);
});

test("what cannot be exported is said", async () => {
  const { data } = await openTestCore();
  const run = (...args: string[]) => runCli(["export", ...args], data);
  expect(await run("runs", "--format", "xlsx")).toMatchObject({ status: 2 });
  expect(await run("metrics", "nobody")).toMatchObject({ status: 4 });
  expect(await run("runs", "--column", "nothing")).toMatchObject({ status: 4 });
  expect(await run("runs", "--where", "rate <")).toMatchObject({ status: 3 });
  expect(await run("runs", "--out", "/dev/null/runs.csv")).toMatchObject({ status: 6 });
});
