/** Where the chain from training to scores is broken off, it ends, and keeps what there is. */
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { folderWith, openTestCore, runToEnd } from "../support/core.ts";
import { makeToy } from "../support/toy-dataset.ts";

const files = {
  "train.mjs": `import { mkdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
const run = process.env.GAUNTLET_RUN_DIR;
mkdirSync(run + "/out/model", { recursive: true });
writeFileSync(run + "/out/model/w", "weights");
if (process.argv[2]) rmSync(realpathSync(run + "/in/dataset") + "/" + process.argv[2]);`,
  "test.mjs": "",
};

test.each(["train", "test"])(
  "a stop that comes while %s is being collected ends the run, and its model is kept",
  async (stage) => {
    const { client, data } = await openTestCore();
    // The moment is too short to hit it from outside: the catalog itself hits it.
    const db = new Database(join(data, "catalog.sqlite"));
    db.exec(`CREATE TRIGGER stop AFTER UPDATE OF state ON job
      WHEN NEW.state = 'collecting' AND NEW.stage = '${stage}'
      BEGIN UPDATE job SET stop_requested = 1 WHERE id = NEW.id; END`);
    db.close();
    const run = await runToEnd(
      client,
      folderWith({
        ...files,
        "gauntlet.yaml": `name: stopped
train: { command: [node, train.mjs] }
test: { command: [node, test.mjs] }
`,
      }),
    );
    expect(run).toMatchObject({ state: "cancelled", reason: null });
    expect(run.attempts.map((attempt) => `${attempt.stage} ${attempt.state}`)).toEqual(
      ["train succeeded", "test succeeded"].slice(0, stage === "train" ? 1 : 2),
    );
    expect(run.model).not.toBeNull();
  },
);

test("a next stage that cannot be made fails the run, which keeps its model and can go", async () => {
  const { client } = await openTestCore();
  await client.datasets.add({ folder: makeToy(20).dataset });
  const folder = folderWith({
    ...files,
    "gauntlet.yaml": `name: broken
dataset: toy
train: { command: [node, train.mjs, y.npy] }
test: { command: [node, test.mjs] }
`,
  });
  const run = await runToEnd(client, folder);
  expect(run).toMatchObject({
    state: "failed",
    reason: expect.stringMatching(/^cannot go on after train: The labels of toy cannot be read/),
    attempts: [{ stage: "train", state: "succeeded" }],
  });
  expect(run.model).not.toBeNull();
  const { runs } = await client.runs.delete({ runs: [run.id], dryRun: false });
  expect(runs).toHaveLength(1);
});
