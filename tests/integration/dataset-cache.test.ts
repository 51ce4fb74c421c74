/** Packed datasets make room for others, and are there again when a job needs them. */
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  watch,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Database from "better-sqlite3";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Client } from "../../core/api/socket-client.ts";
import { encodeNpy, encodeNpyHeader } from "../../shared/npy.ts";
import { runCli } from "../support/cli.ts";
import { folderWith, logOf, openTestCore, runToEnd, until, untilDone } from "../support/core.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { makeToy } from "../support/toy-dataset.ts";

/** A packed dataset of this name in a folder of its own. */
function packedToy(name: string, samples = 60): string {
  const { dataset } = makeToy(samples);
  const file = join(dataset, "dataset.json");
  const manifest = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  writeFileSync(file, JSON.stringify({ ...manifest, name }));
  return dataset;
}

/** A packed dataset of 256 MB, which is not copied in a moment. */
function largeToy(): string {
  const folder = packedToy("large");
  const file = join(folder, "dataset.json");
  const manifest = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  const input = { shape: [1, 1000, 1000], layout: "NCHW", bounds: [0, 1] };
  const splits = { test: { images: "x.npy", labels: "y.npy", count: 64 } };
  writeFileSync(file, JSON.stringify({ ...manifest, input, splits }));
  const header = encodeNpyHeader("<f4", [64, 1, 1000, 1000]);
  writeFileSync(join(folder, "x.npy"), header);
  truncateSync(join(folder, "x.npy"), header.length + 256_000_000);
  const labels = encodeNpy({ dtype: "|u1", shape: [64], data: new Uint8Array(64) });
  writeFileSync(join(folder, "y.npy"), labels);
  return folder;
}

/** A core with that dataset, which has made room, and a run that waits until it is packed again. */
async function coreThatPacks() {
  const core = await openTestCore();
  const { client } = core;
  const { hash } = await client.datasets.add({ folder: largeToy() });
  await client.datasets.limit({ limit: 0 });
  await client.datasets.limit({ limit: null });
  const { run } = await client.runs.submit({ folder: reader("large") });
  await until(async () => (await client.runs.get({ run })).condition?.startsWith("packing large"));
  return { ...core, run, packed: join(core.data, "datasets", hash) };
}

/** An experiment that says how many bytes of images it sees, and takes as long as it is told. */
function reader(dataset: string, ms = 0): string {
  return folderWith({
    "gauntlet.yaml": `name: reads-${dataset}\ndataset: ${dataset}\ntrain: { command: [node, main.mjs] }\n`,
    "main.mjs": `import { readdirSync, statSync } from "node:fs";
const folder = process.env.GAUNTLET_RUN_DIR + "/in/dataset/";
await new Promise((resolve) => setTimeout(resolve, ${ms}));
console.log("sees", readdirSync(folder).map((name) => name + ":" + statSync(folder + name).size).join(" "));`,
  });
}

async function stateOf(client: Client): Promise<Record<string, boolean>> {
  const all = await client.datasets.list({});
  return Object.fromEntries(all.map(({ name, isDropped }) => [name, isDropped]));
}

describe("packed datasets over the limit", () => {
  test("make room, the longest unused first, and a job has them packed again", async () => {
    const { client, data } = await openTestCore();
    const sources = { a: packedToy("a"), b: packedToy("b", 90) };
    await client.datasets.add({ folder: sources.a });
    await client.datasets.add({ folder: sources.b });
    const before = await runToEnd(client, reader("b"));
    const { bytes } = await client.datasets.cache({});
    const all = await client.datasets.list({});
    expect(all.every(({ usedAt }) => usedAt !== null)).toBe(true);
    expect(await client.datasets.limit({ limit: bytes - 1 })).toMatchObject({ limit: bytes - 1 });
    expect(await stateOf(client)).toEqual({ a: true, b: false });
    const folder = join(data, "datasets", all.find(({ name }) => name === "a")?.hash ?? "");
    expect(existsSync(join(folder, "x.npy"))).toBe(false);
    expect(existsSync(join(folder, "y.npy"))).toBe(true);
    await expect(
      client.datasets.preview({ hash: folder.split("/").at(-1) ?? "" }),
    ).rejects.toMatchObject({ data: { code: "DATASET_DROPPED" } });
    expect((await client.system.doctor({})).find(({ name }) => name === "datasets")).toMatchObject({
      state: "ok",
    });
    const run = await runToEnd(client, reader("a"));
    expect(run.state).toBe("succeeded");
    expect(await logOf(client, run.id)).toMatch(/sees .*x\.npy:\d+/);
    // Then the other is what was unused for longest.
    await until(async () => (await stateOf(client))["b"]);
    expect(await stateOf(client)).toEqual({ a: false, b: true });
    const again = await client.runs.rerun({ run: before.id });
    await untilDone(client, [again.run]);
    expect(await logOf(client, again.run)).toBe(await logOf(client, before.id));
  });

  test("stay where they are the only copy, or were made from what has changed since", async () => {
    const { client } = await openTestCore();
    const [gone, changed] = [packedToy("gone"), packedToy("changed", 90)];
    await client.datasets.add({ folder: gone });
    await client.datasets.add({ folder: changed });
    rmSync(gone, { recursive: true });
    writeFileSync(join(changed, "more"), "");
    await client.datasets.limit({ limit: 0 });
    expect(await stateOf(client)).toEqual({ gone: false, changed: false });
    for (const name of ["gone", "changed"])
      expect((await runToEnd(client, reader(name))).state).toBe("succeeded");
  });

  test("tell of being added, dropped and packed again", async () => {
    const { client, data } = await openTestCore();
    const folder = packedToy("a");
    await client.datasets.add({ folder });
    await client.datasets.limit({ limit: 0 });
    await client.datasets.limit({ limit: null });
    await runToEnd(client, reader("a"));
    await client.datasets.limit({ limit: 0 });
    await client.datasets.add({ folder });
    const db = new Database(join(data, "catalog.sqlite"), { readonly: true });
    const kinds = db.prepare("SELECT kind FROM event WHERE kind LIKE 'dataset.%' ORDER BY seq");
    expect(kinds.pluck().all()).toEqual(
      ["added", "dropped", "restored", "dropped", "restored", "dropped"].map(
        (kind) => `dataset.${kind}`,
      ),
    );
    db.close();
  });

  test("larger than the limit by themselves are told to have made room as they are added", async () => {
    const { client } = await openTestCore();
    await client.datasets.limit({ limit: 1 });
    expect(await client.datasets.add({ folder: packedToy("a") })).toMatchObject({
      name: "a",
      isDropped: true,
    });
  });

  test("stay while an unfinished run needs them, and go when it has ended", async () => {
    const { client } = await openTestCore();
    await client.datasets.add({ folder: packedToy("a") });
    const { run } = await client.runs.submit({ folder: reader("a", 700) });
    await client.datasets.limit({ limit: 0 });
    expect(await stateOf(client)).toEqual({ a: false });
    await untilDone(client, [run]);
    expect((await client.runs.get({ run })).state).toBe("succeeded");
    await until(async () => (await stateOf(client))["a"]);
  });

  test("are there for jobs that start while the cache makes room", async () => {
    const { client } = await openTestCore();
    const names = ["a", "b", "c"];
    for (const [index, name] of names.entries())
      await client.datasets.add({ folder: packedToy(name, 60 + index * 30) });
    const folders = names.map((name) => reader(name));
    const runs: string[] = [];
    for (let round = 0; round < 6; round++) {
      const [submitted] = await Promise.all([
        Promise.all(folders.map((folder) => client.runs.submit({ folder, seed: round }))),
        ...names.map((_, index) => client.datasets.limit({ limit: index })),
      ]);
      runs.push(...submitted.map(({ run }) => run));
      // Every other round while the jobs of the last one run still.
      if (round % 2 === 1) await untilDone(client, runs);
    }
    await untilDone(client, runs);
    for (const run of runs) {
      expect((await client.runs.get({ run })).state).toBe("succeeded");
      expect(await logOf(client, run)).toMatch(/sees .*x\.npy:\d+/);
    }
  });

  test("packed from files of another layout are packed as they were", async () => {
    const { client } = await openTestCore();
    const folder = temporaryFolder();
    const data = Float32Array.from({ length: 40 * 4 }, (_, index) => (index % 97) / 97);
    writeFileSync(join(folder, "x.npy"), encodeNpy({ dtype: "<f4", shape: [40, 2, 2], data }));
    const labels = Uint8Array.from({ length: 40 }, (_, index) => index % 2);
    writeFileSync(join(folder, "y.npy"), encodeNpy({ dtype: "|u1", shape: [40], data: labels }));
    const added = await client.datasets.add({ folder, name: "arrays", testShare: 0.3 });
    expect(added).toMatchObject({ source: folder, isDropped: false });
    await client.datasets.limit({ limit: 0 });
    expect(await stateOf(client)).toEqual({ arrays: true });
    await client.datasets.limit({ limit: null });
    const run = await runToEnd(client, reader("arrays"));
    expect(run.state).toBe("succeeded");
    expect(await client.datasets.list({})).toMatchObject([
      { hash: added.hash, isDropped: false, splits: added.splits },
    ]);
    // Adding it again brings it back as well.
    await client.datasets.limit({ limit: 0 });
    await client.datasets.limit({ limit: null });
    expect(await stateOf(client)).toEqual({ arrays: true });
    await client.datasets.add({ folder, name: "arrays", testShare: 0.3 });
    expect(await stateOf(client)).toEqual({ arrays: false });
  });

  test("whose core was killed before their images were removed are just there again", async () => {
    const { client, data, close } = await openTestCore();
    const source = packedToy("a");
    const { hash } = await client.datasets.add({ folder: source });
    await close();
    const db = new Database(join(data, "catalog.sqlite"));
    db.exec("UPDATE dataset SET dropped_at = 1");
    db.close();
    const looked = statSync(join(data, "datasets", hash, "x.npy"));
    const next = await openTestCore(data);
    expect((await runToEnd(next.client, reader("a"))).state).toBe("succeeded");
    expect(await stateOf(next.client)).toEqual({ a: false });
    expect(statSync(join(data, "datasets", hash, "x.npy")).ino).toBe(looked.ino);
  });

  test("of a kit are packed again on a machine with one processor", async () => {
    const { client, data } = await openTestCore(temporaryFolder(), { cpus: 1 });
    const folder = reader("digits");
    expect((await runToEnd(client, folder)).state).toBe("succeeded");
    await client.datasets.limit({ limit: 0 });
    expect(await stateOf(client)).toEqual({ digits: true });
    const { run } = await client.runs.submit({ folder, seed: 1 });
    await untilDone(client, [run]);
    expect((await client.runs.get({ run })).state).toBe("succeeded");
    expect((await runCli(["datasets"], data)).status).toBe(0);
  });
});

describe("a dataset that made room and cannot be packed again", () => {
  test("whose source is gone is refused, with where to put it back", async () => {
    const { client } = await openTestCore();
    const source = packedToy("a");
    await client.datasets.add({ folder: source });
    await client.datasets.limit({ limit: 0 });
    renameSync(source, `${source}-moved`);
    await expect(client.runs.submit({ folder: reader("a") })).rejects.toMatchObject({
      data: { code: "DATASET_SOURCE_GONE", hint: expect.stringContaining(source) },
    });
    renameSync(`${source}-moved`, source);
    expect((await runToEnd(client, reader("a"))).state).toBe("succeeded");
  });

  test("is packed once while its source stays as it is, however long a run waits", async () => {
    const { client, data } = await openTestCore();
    const [changed, spoilt] = [packedToy("changed"), packedToy("spoilt", 90)];
    for (const folder of [changed, spoilt]) await client.datasets.add({ folder });
    await client.datasets.limit({ limit: 0 });
    await client.datasets.limit({ limit: null });
    writeFileSync(join(changed, "more"), "1");
    truncateSync(join(spoilt, "x.npy"), 300);
    let packings = 0;
    const watcher = watch(join(data, "datasets"), (event, name) => {
      if (event === "rename" && existsSync(join(data, "datasets", name ?? ""))) packings++;
    });
    onTestFinished(() => watcher.close());
    const names = ["changed", "spoilt"];
    const submitted = await Promise.all(
      names.map((name) => client.runs.submit({ folder: reader(name) })),
    );
    const conditions = async () =>
      Promise.all(submitted.map(async ({ run }) => (await client.runs.get({ run })).condition));
    const said = /another dataset|no packed dataset/;
    await until(async () => (await conditions()).every((text) => said.test(text ?? "")));
    await sleep(4000); // It is asked three times more.
    expect(packings).toBe(2);
    expect((await conditions()).every((text) => said.test(text ?? ""))).toBe(true);
  });

  test("whose source has changed is told by the run that waits, until it is put back", async () => {
    const { client } = await openTestCore();
    const source = packedToy("a");
    await client.datasets.add({ folder: source });
    await client.datasets.limit({ limit: 0 });
    await client.datasets.limit({ limit: null });
    writeFileSync(join(source, "more"), "1");
    const { run } = await client.runs.submit({ folder: reader("a") });
    const condition = await until(async () => {
      const { condition } = await client.runs.get({ run });
      return condition?.includes("gives another dataset now") && condition;
    });
    expect(condition).toContain(source);
    const asked = { query: 'condition ~ "another dataset"', columns: ["condition"] };
    expect((await client.runs.table(asked)).rows).toMatchObject([{ id: run, values: [condition] }]);
    rmSync(join(source, "more"));
    await untilDone(client, [run]);
    expect(await client.runs.get({ run })).toMatchObject({ state: "succeeded", condition: null });
    expect((await client.runs.table({ query: "condition != none" })).total).toBe(0);
  });
});

test("the limit is told, set and explained on the command line, and outlives the core", async () => {
  const data = temporaryFolder();
  const limit = async (...args: string[]) => runCli(["datasets", "limit", ...args], data);
  expect((await limit()).stdout).toContain("take 0 B without a limit");
  expect((await limit("200GiB")).stdout).toContain("of 214.7 GB");
  expect((await limit("--json")).stdout).toContain(`"limit": ${200 * 2 ** 30}`);
  expect(await limit("200G")).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("200GiB"),
  });
  expect((await limit("none")).stdout).toContain("without a limit");
});

describe("a dataset that is packed again", () => {
  test("for a run that is cancelled is not packed any further", async () => {
    const { client, data, run, packed } = await coreThatPacks();
    await client.runs.stop({ run });
    await untilDone(client, [run]);
    expect((await client.runs.get({ run })).state).toBe("cancelled");
    await until(async () => readdirSync(join(data, "datasets")).length === 1);
    expect(existsSync(join(packed, "x.npy"))).toBe(false);
    expect(await stateOf(client)).toEqual({ large: true });
  });

  test("for two runs goes on when one of them is cancelled", async () => {
    const { client, data, run } = await coreThatPacks();
    const other = await client.runs.submit({ folder: reader("large"), seed: 1 });
    await until(async () => (await client.runs.get({ run: other.run })).condition !== null);
    await client.runs.stop({ run });
    await untilDone(client, [run, other.run]);
    expect((await client.runs.get({ run })).state).toBe("cancelled");
    expect((await client.runs.get({ run: other.run })).state).toBe("succeeded");
    // What was said while it was packed was taken back before the run began.
    const db = new Database(join(data, "catalog.sqlite"), { readonly: true });
    const said = db
      .prepare("SELECT data_json FROM event WHERE kind = 'job.condition' ORDER BY seq DESC LIMIT 1")
      .pluck();
    expect(said.get()).toBe('{"condition":null}');
    db.close();
  });

  test("by a core that ends leaves its run queued, without an error", async () => {
    const { data, close } = await coreThatPacks();
    await close();
    expect(readdirSync(join(data, "datasets"))).toHaveLength(1);
    expect(existsSync(join(data, "logs")) ? readdirSync(join(data, "logs")) : []).toEqual([]);
    const db = new Database(join(data, "catalog.sqlite"));
    const [train] = db.prepare("SELECT state, condition FROM job WHERE stage = 'train'").all();
    db.close();
    expect(train).toEqual({ state: "queued", condition: null });
  });
});
