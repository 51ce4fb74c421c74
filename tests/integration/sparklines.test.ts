/** The course of a metric in many runs at once, as the runs table draws it. */
import { expect, test } from "vitest";
import { folderWith, openTestCore, untilDone } from "../support/core.ts";

/** Training reports `points` values of accuracy, the test one more; a lone metric in the second. */
const experiment = {
  "gauntlet.yaml": `name: curves
parameters: { points: { type: integer, default: 5 } }
train: { command: [node, main.mjs, "{points}"] }
test: { command: [node, main.mjs, "1"] }
`,
  "main.mjs": `import { writeFileSync } from "node:fs";
const points = Number(process.argv[2]);
const lines = Array.from({ length: points }, (_, step) =>
  JSON.stringify({ step, accuracy: points === 1 ? 0.5 : step }));
writeFileSync(process.env.GAUNTLET_RUN_DIR + "/out/metrics.jsonl", lines.join("\\n") + "\\n");`,
};

test("few points are given as they are, many in parts; runs without the metric are left out", async () => {
  const { client } = await openTestCore();
  const folder = folderWith(experiment);
  const runs: string[] = [];
  for (const points of [5, 20_000])
    runs.push((await client.runs.submit({ folder, parameters: { points } })).run);
  const [short = "", long = ""] = runs;
  await untilDone(client, runs);

  const lines = await client.metrics.sparklines({
    runs: [long, short, "0".repeat(26)],
    metric: "accuracy",
    columns: 40,
  });
  // In the order of the question; the training's curve, not the one point of the test.
  expect(lines.map(({ run, points }) => [run, points])).toEqual([
    [long, 20_000],
    [short, 5],
  ]);
  expect(lines[1]?.values).toEqual([0, 1, 2, 3, 4]);
  const { values = [] } = lines[0] ?? {};
  expect(values.length).toBeGreaterThan(20);
  expect(values.length).toBeLessThanOrEqual(40);
  expect(values).toEqual(values.toSorted((a, b) => a - b));
  expect(values.at(-1)).toBe(19_999);
  expect(await client.metrics.sparklines({ runs, metric: "nothing" })).toEqual([]);
});
