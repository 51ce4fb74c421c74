/** A registered dataset stays what it is, or nothing that it says counts. */
import { chmodSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { Client } from "../../core/api/socket-client.ts";
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
