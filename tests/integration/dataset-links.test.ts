/** Making room takes nothing that is a person's own, however a path leads there. */
import {
  cpSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { sourceStamp } from "../../core/services/dataset-source.ts";
import { folderWith, openTestCore } from "../support/core.ts";
import { npy, sourceWith, zip } from "../support/dataset-sources.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { makeToy } from "../support/toy-dataset.ts";

/** What a folder holds, with modes. */
function contents(folder: string): Record<string, [string, number]> {
  return Object.fromEntries(
    readdirSync(folder).map((name) => {
      const file = join(folder, name);
      return [name, [readFileSync(file, "base64"), statSync(file).mode]];
    }),
  );
}

function linkTo(path: string, name = "link"): string {
  const link = join(temporaryFolder(), name);
  symlinkSync(path, link);
  return link;
}

test("a packed dataset added through a link is a copy, and its original is left alone", async () => {
  const { client, data } = await openTestCore();
  const { dataset } = makeToy(60);
  const before = contents(dataset);
  const { hash, source } = await client.datasets.add({ folder: linkTo(dataset) });
  expect(source).toBe(dataset);
  const packed = join(data, "datasets", hash);
  expect(lstatSync(packed).isDirectory()).toBe(true);
  await client.datasets.limit({ limit: 0 });
  expect(await client.datasets.list({})).toMatchObject([{ isDropped: true }]);
  expect(readdirSync(packed)).toEqual(["dataset.json", "y.npy"]);
  expect(contents(dataset)).toEqual(before);
});

test("links in a packed dataset become files, so that the copy needs nothing else", async () => {
  const { client, data } = await openTestCore();
  const { dataset } = makeToy(60);
  const store = temporaryFolder();
  renameSync(join(dataset, "x.npy"), join(store, "object"));
  symlinkSync(join(store, "object"), join(dataset, "x.npy"));
  const { hash } = await client.datasets.add({ folder: dataset });
  const packed = join(data, "datasets", hash);
  expect(lstatSync(join(packed, "x.npy")).isFile()).toBe(true);
  await client.datasets.limit({ limit: 0 });
  expect(readdirSync(store)).toEqual(["object"]);
  expect(lstatSync(join(dataset, "x.npy")).isSymbolicLink()).toBe(true);
});

test("a link in the place of a packed dataset is not followed, and adding again puts it right", async () => {
  const { client, data } = await openTestCore();
  const { dataset } = makeToy(60);
  const { hash } = await client.datasets.add({ folder: dataset });
  const packed = join(data, "datasets", hash);
  rmSync(packed, { recursive: true });
  const own = join(temporaryFolder(), "own");
  cpSync(dataset, own, { recursive: true });
  symlinkSync(own, packed);
  const before = contents(own);
  await client.datasets.limit({ limit: 0 });
  expect(await client.datasets.list({})).toMatchObject([{ isDropped: false }]);
  expect(contents(own)).toEqual(before);
  await client.datasets.limit({ limit: null });
  await client.datasets.add({ folder: dataset });
  expect(lstatSync(packed).isDirectory()).toBe(true);
  expect(contents(own)).toEqual(before);
});

test("a copied data folder takes nothing from the one that it was copied from", async () => {
  const first = await openTestCore();
  const { dataset } = makeToy(60);
  const { hash } = await first.client.datasets.add({ folder: dataset });
  await first.close();
  const packed = join(first.data, "datasets", hash);
  const before = contents(packed);
  const copy = join(temporaryFolder(), "copy");
  cpSync(first.data, copy, { recursive: true });
  const { client } = await openTestCore(copy);
  await client.datasets.limit({ limit: 0 });
  expect(contents(packed)).toEqual(before);
  // Added there it is the copy's own, also where the datasets were not copied.
  await client.datasets.limit({ limit: null });
  rmSync(join(copy, "datasets"), { recursive: true });
  await client.datasets.add({ folder: dataset });
  expect(readdirSync(join(copy, "datasets", hash))).toContain("x.npy");
  await client.datasets.limit({ limit: 0 });
  expect(await client.datasets.list({})).toMatchObject([{ isDropped: true }]);
  expect(contents(packed)).toEqual(before);
});

/** Arrays of twenty samples. */
function arrays(): string {
  const images = Uint8Array.from({ length: 80 }, (_, index) => index);
  const labels = Uint8Array.from({ length: 20 }, (_, index) => index % 2);
  return sourceWith({ "x.npy": npy([20, 2, 2], images), "y.npy": npy([20], labels) });
}

test.each<[string, (link: string, folder: string) => void]>([
  ["leads nowhere any more", (_link, folder) => rmSync(folder, { recursive: true })],
  ["leads to something else", (_link, folder) => writeFileSync(join(folder, "x.npy"), "other")],
])("a dataset whose source was given through a link that %s is the only copy", async (_, spoil) => {
  const { client } = await openTestCore();
  for (const folder of [makeToy(60).dataset, arrays()]) {
    const link = linkTo(folder, "linked");
    const added = await client.datasets.add({ folder: link });
    expect(added.source).toBe(folder);
    spoil(link, folder);
  }
  await client.datasets.limit({ limit: 0 });
  expect((await client.datasets.list({})).map(({ name, isDropped }) => [name, isDropped])).toEqual([
    ["linked", false],
    ["toy", false],
  ]);
});

test("a file behind a link counts by what it leads to", async () => {
  const { client } = await openTestCore();
  const { dataset } = makeToy(60);
  const object = join(temporaryFolder(), "object");
  renameSync(join(dataset, "x.npy"), object);
  symlinkSync(object, join(dataset, "x.npy"));
  await client.datasets.add({ folder: dataset });
  rmSync(object);
  await client.datasets.limit({ limit: 0 });
  expect(await client.datasets.list({})).toMatchObject([{ isDropped: false }]);
});

test("an archive given by a link that leads nowhere any more is told to be gone", async () => {
  const { client } = await openTestCore();
  const folder = arrays();
  const files = ["x.npy", "y.npy"].map((name) => [name, readFileSync(join(folder, name))] as const);
  const object = join(temporaryFolder(), "object");
  writeFileSync(object, zip(Object.fromEntries(files)));
  const link = linkTo(object, "linked.npz");
  expect(await client.datasets.add({ folder: link })).toMatchObject({ source: link });
  await client.datasets.limit({ limit: 0 });
  expect(await client.datasets.list({})).toMatchObject([{ isDropped: true }]);
  rmSync(object);
  const experiment = folderWith({
    "gauntlet.yaml": "name: reads\ndataset: linked\ntrain: { command: [node, main.mjs] }\n",
    "main.mjs": "",
  });
  await expect(client.runs.submit({ folder: experiment })).rejects.toMatchObject({
    data: { code: "DATASET_SOURCE_GONE" },
  });
});

test("a packed dataset is no source of itself: what it was packed from stays the source", async () => {
  const { client, data } = await openTestCore();
  const { dataset } = makeToy(60);
  const { hash } = await client.datasets.add({ folder: dataset });
  const packed = join(data, "datasets", hash);
  for (const folder of [packed, linkTo(packed)])
    expect(await client.datasets.add({ folder })).toMatchObject({ hash, source: dataset });
  renameSync(dataset, `${dataset}-moved`);
  await client.datasets.limit({ limit: 0 });
  expect(await client.datasets.list({})).toMatchObject([{ isDropped: false }]);
  renameSync(`${dataset}-moved`, dataset);
  await client.datasets.limit({ limit: 0 });
  expect(await client.datasets.list({})).toMatchObject([{ isDropped: true }]);
});

test("a packed dataset that an older Gauntlet noted as its own source is the only copy", async () => {
  const { client, data, close } = await openTestCore();
  const { dataset } = makeToy(60);
  const { hash } = await client.datasets.add({ folder: dataset });
  await close();
  const path = join(data, "datasets", hash);
  const db = new Database(join(data, "catalog.sqlite"));
  db.prepare(
    "UPDATE dataset SET source_json = json_set(source_json, '$.path', ?, '$.stamp', ?)",
  ).run(path, await sourceStamp(path));
  db.close();
  const next = await openTestCore(data);
  await next.client.datasets.limit({ limit: 0 });
  expect(await next.client.datasets.list({})).toMatchObject([{ source: path, isDropped: false }]);
});

test.each([
  ["links", symlinkSync],
  ["hard links", linkSync],
])("a source whose files are %s to the packed ones is none", async (_, link) => {
  const { client, data } = await openTestCore();
  const { hash } = await client.datasets.add({ folder: makeToy(60).dataset });
  const packed = join(data, "datasets", hash);
  const folder = join(temporaryFolder(), "linked");
  mkdirSync(folder);
  for (const name of readdirSync(packed)) link(join(packed, name), join(folder, name));
  expect(await client.datasets.add({ folder })).toMatchObject({ hash, source: folder });
  await client.datasets.limit({ limit: 0 });
  expect(await client.datasets.list({})).toMatchObject([{ isDropped: false }]);
});
