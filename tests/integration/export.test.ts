import { readFileSync } from "node:fs";
import { join } from "node:path";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { expect, test } from "vitest";
import { runCli } from "../support/cli.ts";
import { folderWith, openTestCore, untilDone } from "../support/core.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

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

test("what cannot be exported is said", async () => {
  const { data } = await openTestCore();
  const run = (...args: string[]) => runCli(["export", ...args], data);
  expect(await run("runs", "--format", "xlsx")).toMatchObject({ status: 2 });
  expect(await run("metrics", "nobody")).toMatchObject({ status: 4 });
  expect(await run("runs", "--column", "nothing")).toMatchObject({ status: 4 });
  expect(await run("runs", "--where", "rate <")).toMatchObject({ status: 3 });
  expect(await run("runs", "--out", "/dev/null/runs.csv")).toMatchObject({ status: 6 });
});
