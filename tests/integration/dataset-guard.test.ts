/** A registered dataset stays what it is, or nothing that it says counts. */
import { chmodSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import type { Client } from "../../core/api/socket-client.ts";
import { runCli } from "../support/cli.ts";
import { folderWith, openTestCore, runToEnd, untilDone } from "../support/core.ts";
import { makeToy } from "../support/toy-dataset.ts";

const fixture = (...path: string[]) =>
  join(fileURLToPath(new URL("../fixtures/", import.meta.url)), ...path);

/** Changes the last byte of a file whatever its mode, and gives the time of change back. */
function damage(file: string, before = statSync(file)): void {
  const bytes = readFileSync(file);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  chmodSync(file, 0o644);
  writeFileSync(file, bytes);
  utimesSync(file, before.atime, new Date(before.mtimeMs + 10));
}

async function doctor(client: Client) {
  return (await client.system.doctor({})).find(({ name }) => name === "datasets");
}

async function coreWithToy() {
  const core = await openTestCore();
  const toy = makeToy(60);
  await core.client.datasets.add({ folder: toy.dataset });
  const [registered] = await core.client.datasets.list({});
  return { ...core, ...toy, folder: join(core.data, "datasets", registered?.hash ?? "") };
}

describe("the files of a registered dataset", () => {
  test("are read-only", async () => {
    const { folder } = await coreWithToy();
    for (const name of ["dataset.json", "x.npy", "y.npy"])
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o444);
  });

  test("a job that changes them is found out, and adding the dataset again puts it right", async () => {
    const { client, dataset } = await coreWithToy();
    expect(await doctor(client)).toMatchObject({ state: "ok" });
    const writes = folderWith({
      "gauntlet.yaml": "name: writes\ndataset: toy\ntrain: { command: [node, main.mjs] }\n",
      "main.mjs": `import { chmodSync, readFileSync, writeFileSync } from "node:fs";
const file = process.env.GAUNTLET_RUN_DIR + "/in/dataset/x.npy";
const bytes = readFileSync(file);
bytes[bytes.length - 1] ^= 1;
chmodSync(file, 0o644);
writeFileSync(file, bytes);`,
    });
    const run = await runToEnd(client, writes);
    expect(run.state).toBe("succeeded");
    expect(await doctor(client)).toMatchObject({ state: "failed" });
    await expect(client.runs.submit({ folder: writes, seed: 1 })).rejects.toMatchObject({
      data: { code: "DATASET_CHANGED" },
    });
    await expect(client.runs.rerun({ run: run.id })).rejects.toMatchObject({
      data: { code: "DATASET_CHANGED" },
    });
    await client.datasets.add({ folder: dataset });
    expect(await doctor(client)).toMatchObject({ state: "ok" });
  });

  test("other times alone, as of a restored backup, are no change", async () => {
    const { client, folder } = await coreWithToy();
    utimesSync(join(folder, "x.npy"), 1, 1);
    expect(await doctor(client)).toMatchObject({ state: "ok" });
  });
});

test("outcomes that were verified against changed data do not count", async () => {
  const { client, folder, dataset, weights } = await coreWithToy();
  const load = fixture("models", "linear-js/model.js:load");
  await client.models.import({ file: weights, load, dataset: "toy", name: "linear" });
  await client.attacks.add({ folder: fixture("attacks", "gradient") });
  const asked = { models: ["linear"], attacks: ["gradient"], samples: 24 };
  const { queued } = await client.evaluations.fill(asked);
  damage(join(folder, "x.npy"));
  const progress = await untilDone(client, [], queued);
  expect(progress.evaluations).toMatchObject([{ state: "failed", reason: "dataset-changed" }]);
  await expect(client.evaluations.fill(asked)).rejects.toMatchObject({
    data: { code: "DATASET_CHANGED" },
  });
  await client.datasets.add({ folder: dataset });
  const again = await client.evaluations.fill(asked);
  expect((await untilDone(client, [], again.queued)).evaluations).toMatchObject([
    { state: "verified" },
  ]);
});

test("a sweep is not run again on changed data, and what waits in one waits on", async () => {
  const { client, data, close, folder, dataset } = await coreWithToy();
  const experiment = folderWith({
    "gauntlet.yaml": `name: swept
dataset: toy
parameters: { width: { type: integer, default: 1 } }
train: { command: [node, main.mjs] }
sweep: { values: { width: [1, 2] } }
`,
    "main.mjs": "",
  });
  const { sweep, runs } = await client.sweeps.submit({ folder: experiment });
  await untilDone(client, runs);
  damage(join(folder, "x.npy"));
  await expect(client.sweeps.rerun({ sweep, all: true })).rejects.toMatchObject({
    data: { code: "DATASET_CHANGED" },
  });
  await close();
  // As a core leaves it that dies while it queues.
  const db = new Database(join(data, "catalog.sqlite"));
  db.exec("UPDATE sweep_cell SET wanted = 1, again = 1");
  db.close();
  const next = await openTestCore(data);
  const why = expect.stringMatching(
    /^The files of toy in .* are not what was registered\. Restore/,
  );
  const waiting = [{ sweep: "swept", dataset: "toy", why }];
  expect(await next.client.work.resume({})).toEqual({ runs: [], evaluations: [], waiting });
  const told = await runCli(["wait"], data);
  expect(told.stdout).toMatch(/^The sweep swept waits\. The files of toy in .* are not what/);
  expect(told.stdout).not.toContain("Nothing is unfinished");
  await next.client.datasets.add({ folder: dataset });
  const resumed = await next.client.work.resume({});
  expect(resumed).toMatchObject({ runs: [expect.any(String), expect.any(String)], waiting: [] });
  await untilDone(next.client, resumed.runs);
  // One that made room and whose source is gone says that.
  await next.client.datasets.limit({ limit: 0 });
  await next.close();
  const again = new Database(join(data, "catalog.sqlite"));
  again.exec("UPDATE sweep_cell SET wanted = 1, again = 1");
  again.close();
  renameSync(dataset, `${dataset}-moved`);
  const gone = await runCli(["wait"], data);
  expect(gone.stdout).toMatch(
    /^The sweep swept waits\. toy was dropped to make room, and .* is gone/,
  );
  expect(gone.stdout).toContain(`Put it back to ${dataset}`);
});

test("of models that nobody named, those on changed data are left out and told", async () => {
  const { client, folder, weights } = await coreWithToy();
  const other = makeToy(30);
  const manifest = join(other.dataset, "dataset.json");
  writeFileSync(manifest, readFileSync(manifest, "utf8").replace('"toy"', '"other"'));
  await client.datasets.add({ folder: other.dataset });
  const load = fixture("models", "linear-js/model.js:load");
  for (const [name, dataset] of [
    ["broken", "toy"],
    ["sound", "other"],
  ] as const)
    await client.models.import({ file: weights, load, dataset, name });
  await client.attacks.add({ folder: fixture("attacks", "gradient") });
  damage(join(folder, "x.npy"));
  const asked = { attacks: ["gradient"], samples: 10 };
  await expect(client.evaluations.fill({ ...asked, models: ["broken"] })).rejects.toMatchObject({
    data: { code: "DATASET_CHANGED" },
  });
  const result = await client.evaluations.fill(asked);
  expect(result.leftOut).toEqual([
    {
      model: "broken",
      dataset: "toy",
      why: expect.stringMatching(/^The files of toy in .* Restore/),
    },
  ]);
  expect(result.missing.map(({ model }) => model)).toEqual(["sound"]);
  const { evaluations } = await untilDone(client, [], result.queued);
  expect(evaluations).toMatchObject([{ model: "sound", state: "verified" }]);
});

test("a dataset of an older catalog is looked at once, before anything rests on it", async () => {
  const { client, data, close, folder, weights } = await coreWithToy();
  const load = fixture("models", "linear-js/model.js:load");
  await client.models.import({ file: weights, load, dataset: "toy", name: "linear" });
  await client.attacks.add({ folder: fixture("attacks", "gradient") });
  await close();
  const db = new Database(join(data, "catalog.sqlite"));
  db.exec("UPDATE dataset SET stamp = NULL");
  db.close();
  const sound = await openTestCore(data);
  await sound.close();
  const after = new Database(join(data, "catalog.sqlite"));
  expect(after.prepare("SELECT stamp FROM dataset WHERE name = 'toy'").get()).toMatchObject({
    stamp: expect.stringContaining("x.npy"),
  });
  after.exec("UPDATE dataset SET stamp = NULL");
  after.close();
  damage(join(folder, "x.npy"));
  const changed = await openTestCore(data);
  expect(await doctor(changed.client)).toMatchObject({ state: "failed" });
});
