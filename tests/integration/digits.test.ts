/** The main job on real digits: train, test, five attacks, verify, rank; small but whole. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { recomputeScore } from "../recompute-score.ts";
import { openTestCore, untilDone } from "../support/core.ts";
import { runCli } from "../support/cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const samples = 20;

/** The digits kit as a user would change it: fewer samples, shorter training, two cells. */
async function smallDigits(): Promise<string> {
  const folder = join(temporaryFolder(), "digits");
  const made = await runCli(["init", folder, "--template", "digits"], temporaryFolder());
  expect(made, made.stderr).toMatchObject({ status: 0 });
  const file = join(folder, "gauntlet.yaml");
  const text = readFileSync(file, "utf8")
    .replace(/samples: 100/, `samples: ${samples}`)
    .replace(/default: 4, min: 1, max: 100/, "default: 1, min: 1, max: 100")
    .replace(/loss: \[cross-entropy, margin\]\n/, "loss: [cross-entropy]\n");
  writeFileSync(file, text);
  return folder;
}

test("a sweep on digits ends in a leaderboard that anyone can compute again", async () => {
  const { client, data } = await openTestCore();
  const { runs } = await client.sweeps.submit({ folder: await smallDigits() });
  expect(runs).toHaveLength(2);
  const progress = await untilDone(client, runs);
  expect(progress.runs.map(({ state }) => state)).toEqual(["succeeded", "succeeded"]);
  expect(progress.evaluations.map(({ state }) => state)).toEqual(Array(10).fill("verified"));

  const board = await client.leaderboard.get({});
  expect(board.incomplete).toEqual([]);
  expect(board.threatModel).toMatchObject({ norm: "l2", samples, dataset: "digits" });
  expect(board.ranked).toHaveLength(2);
  for (const row of board.ranked) {
    expect(row.score).toBeGreaterThan(0.1);
    expect(row.interval[0]).toBeLessThanOrEqual(row.score);
    expect(row.interval[1]).toBeGreaterThanOrEqual(row.score);
    expect(row.verified).toBe(5 * samples);
    const { files } = await client.models.get({ model: row.modelId });
    const folder = join(temporaryFolder(), "model");
    for (const { path, sha256 } of files) {
      mkdirSync(join(folder, path, ".."), { recursive: true });
      cpSync(join(data, "artifacts", sha256.slice(0, 2), sha256), join(folder, path));
    }
    const kit = await import(pathToFileURL(join("resources", "kits", "digits", "model.ts")).href);
    const model = await kit.load(folder);
    const { score } = await recomputeScore(data, row.modelId, async (x, n) => {
      const logits: Float32Array = await model.logits(x, n);
      const classes = logits.length / n;
      return Array.from({ length: n }, (_, i) => {
        const own = logits.subarray(i * classes, (i + 1) * classes);
        return own.indexOf(Math.max(...own));
      });
    });
    expect(row.score).toBeCloseTo(score, 6);
  }

  const table = await client.runs.table({
    sort: [{ field: "score", descending: true }],
    columns: ["score"],
  });
  expect(table.rows.map(({ values }) => values)).toEqual(board.ranked.map(({ score }) => [score]));

  // The tests ran on samples of the test split, and said so.
  const detail = await client.runs.get({ run: runs[0] ?? "" });
  expect(detail.summary["accuracy"]).toBeGreaterThan(0.6);
  expect(detail.metrics.map(({ name }) => name)).toContain("train/loss");
  expect(detail.attempts.map(({ stage }) => stage)).toEqual(["train", "test"]);
  expect(detail.attempts[0]?.environment).toMatchObject({
    runtime: expect.stringMatching(/^Node v/),
  });

  // Another active set: what is missing is named, and just that is filled.
  await client.attacks.saveSet({
    name: "Two",
    date: "2026-12-08",
    attacks: ["ddn", "fgm"],
    activate: true,
  });
  expect(await client.evaluations.fill({ dryRun: true })).toMatchObject({
    missing: [],
    present: 4,
  });
  const two = await client.leaderboard.get({});
  expect(two.ranked.every(({ needed }) => needed === 2 * samples)).toBe(true);
  const more = await client.evaluations.fill({ samples: samples + 10, dryRun: true });
  expect(more.missing).toHaveLength(4);

  // Deleting says first what it frees, and then frees just that.
  const plan = await client.runs.delete({ runs: [runs[0] ?? ""], dryRun: true });
  expect(plan).toMatchObject({ models: 1, evaluations: 5 });
  expect(plan.bytes).toBeGreaterThan(5 * samples * 28 * 28 * 4);
  expect(await client.runs.delete({ runs: [runs[0] ?? ""], dryRun: false })).toEqual(plan);
  expect((await client.leaderboard.get({})).ranked).toHaveLength(1);
  expect((await client.system.doctor({})).find(({ name }) => name === "artifacts")?.state).toBe(
    "ok",
  );
});
