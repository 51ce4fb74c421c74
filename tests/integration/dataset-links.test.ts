/** Making room takes nothing that is a person's own, however a path leads there. */
import {
  cpSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openTestCore } from "../support/core.ts";
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
  const { hash } = await first.client.datasets.add({ folder: makeToy(60).dataset });
  await first.close();
  const packed = join(first.data, "datasets", hash);
  const before = contents(packed);
  const copy = join(temporaryFolder(), "copy");
  cpSync(first.data, copy, { recursive: true });
  const { client } = await openTestCore(copy);
  await client.datasets.limit({ limit: 0 });
  expect(contents(packed)).toEqual(before);
});
