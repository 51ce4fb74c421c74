import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { encodeNpy } from "../../shared/npy.ts";
import { runCli } from "../support/cli.ts";
import { openTestCore, until } from "../support/core.ts";
import { image, npy, sourceWith } from "../support/dataset-sources.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { makeToy } from "../support/toy-dataset.ts";

test.each<[string, string, (dataset: string) => void]>([
  [
    "fewer labels than it says",
    "y.npy is an array of shape (5); by dataset.json it is (20)",
    (dataset) => {
      const labels = encodeNpy({ dtype: "|u1", shape: [5], data: new Uint8Array(5) });
      writeFileSync(join(dataset, "y.npy"), labels);
    },
  ],
  [
    "images of another shape",
    "x.npy is an array of shape (20, 6); by dataset.json it is (20, 1, 2, 3)",
    (dataset) => {
      const images = encodeNpy({ dtype: "<f4", shape: [20, 6], data: new Float32Array(120) });
      writeFileSync(join(dataset, "x.npy"), images);
    },
  ],
  [
    "images that are cut off",
    "x.npy is cut off",
    (dataset) => truncateSync(join(dataset, "x.npy"), 200),
  ],
  [
    "a pipe among its files",
    "is no regular file",
    (dataset) => {
      rmSync(join(dataset, "y.npy"));
      execFileSync("mkfifo", [join(dataset, "y.npy")]);
    },
  ],
  [
    "a dataset.json that is no object",
    "expected object",
    (dataset) => writeFileSync(join(dataset, "dataset.json"), "null"),
  ],
])("a dataset with %s is refused, and said why", async (_what, details, spoil) => {
  const { client } = await openTestCore();
  const { dataset } = makeToy(20);
  spoil(dataset);
  const answer = client.datasets.add({ folder: dataset });
  await expect(answer).rejects.toMatchObject({
    data: { code: "DATASET_INVALID", details: expect.stringContaining(details) },
  });
  expect(await client.datasets.list({})).toEqual([]);
});

/** Two classes of five images each. */
async function imageFolder() {
  const red = await image([255, 0, 0], "jpeg");
  return sourceWith(
    Object.fromEntries(
      Array.from({ length: 10 }, (_, i) => [`${i % 2 === 0 ? "cat" : "dog"}/${i}.jpg`, red]),
    ),
  );
}

test("a folder of images is packed, protected and found again by its content", async () => {
  const { client, data } = await openTestCore();
  const folder = await imageFolder();
  const added = await client.datasets.add({ folder, name: "pets" });
  expect(added).toMatchObject({
    name: "pets",
    format: "image folder",
    classes: 2,
    splits: { train: 8, test: 2 },
  });
  const [known] = await client.datasets.list({});
  expect(known).toMatchObject({ hash: added.hash, version: added.version });
  const packed = join(data, "datasets", added.hash);
  for (const name of ["dataset.json", "test-images.npy", "train-labels.npy"])
    expect(statSync(join(packed, name)).mode & 0o777).toBe(0o444);
  expect(await client.datasets.add({ folder, name: "pets" })).toEqual({
    ...added,
    usedAt: expect.any(Number),
  });
  expect(await client.datasets.list({})).toHaveLength(1);

  writeFileSync(join(folder, "cat", "0.jpg"), await image([0, 255, 0], "jpeg"));
  const changed = await client.datasets.add({ folder, name: "pets" });
  expect(changed.version).not.toBe(added.version);
  expect(await client.datasets.list({})).toHaveLength(2);
  expect(readdirSync(join(data, "datasets"))).toHaveLength(2);
});

test("what is no dataset is refused, and leaves nothing behind", async () => {
  const { client, data } = await openTestCore();
  const folder = sourceWith({ "readme.txt": "", "more/readme.txt": "" });
  for (const path of [folder, join(folder, "readme.txt"), join(folder, "nothing")])
    await expect(client.datasets.add({ folder: path })).rejects.toMatchObject({
      data: { code: "DATASET_UNRECOGNISED" },
    });
  const { dataset } = makeToy(20);
  await expect(client.datasets.add({ folder: dataset, size: [8, 8] })).rejects.toMatchObject({
    data: { code: "DATASET_INVALID", hint: expect.stringContaining("--size") },
  });
  expect(readdirSync(join(data, "datasets"))).toEqual([]);
});

test("whoever asks and goes ends the packing", async () => {
  const { client, data } = await openTestCore();
  const leaving = new AbortController();
  expect(await client.datasets.packing({})).toEqual([]);
  const answer = client.datasets.add({ folder: await imageFolder() }, { signal: leaving.signal });
  await until(async () => (await client.datasets.packing({})).length === 1);
  leaving.abort();
  await expect(answer).rejects.toThrow();
  await until(async () => readdirSync(join(data, "datasets")).length === 0);
  expect(await client.datasets.list({})).toEqual([]);
});

test("what a killed core left half packed is removed by the next", async () => {
  const { close, data } = await openTestCore();
  await close();
  mkdirSync(join(data, "datasets", "left.tmp"), { recursive: true });
  await openTestCore(data);
  expect(readdirSync(join(data, "datasets"))).toEqual([]);
});

test("the command says what was added", async () => {
  const data = temporaryFolder();
  const folder = await imageFolder();
  const added = await runCli(
    ["datasets", "add", folder, "--size", "2x3", "--test-share", "0.4"],
    data,
  );
  expect(added.stderr).toBe("");
  expect(added.stdout).toMatch(/source .* 2 .*train 6, test 4/);
  expect(added.stdout).toContain("Read as image folder. 40 % of each class");
  for (const wrong of [
    ["--size", "64"],
    ["--size", "0x4"],
    ["--test-share", "1"],
  ])
    expect(await runCli(["datasets", "add", folder, ...wrong], data)).toMatchObject({ status: 2 });
});

test("samples are shown, each class by its share, and others by another seed", async () => {
  const { client } = await openTestCore();
  const { hash } = await client.datasets.add({ folder: await imageFolder(), testShare: 0.4 });
  const preview = await client.datasets.preview({ hash });
  expect(preview).toMatchObject({ total: 4, width: 4, height: 4 });
  expect(preview.samples.map(({ sample, name }) => [sample, name])).toEqual([
    ["test-0000000", "cat"],
    ["test-0000001", "cat"],
    ["test-0000002", "dog"],
    ["test-0000003", "dog"],
  ]);
  const pixels = Buffer.from(preview.base64 ?? "", "base64");
  expect(pixels).toHaveLength(4 * 4 * 4 * 3);
  expect([...pixels.subarray(0, 6)]).toEqual([254, 0, 0, 254, 0, 0]);
  const two = await client.datasets.preview({ hash, split: "train", count: 2, seed: 3 });
  expect(two.samples.map(({ label }) => label)).toEqual([0, 1]);
  await expect(client.datasets.preview({ hash, split: "val" })).rejects.toMatchObject({
    data: { code: "DATASET_INVALID" },
  });
  await expect(client.datasets.preview({ hash: "none" })).rejects.toMatchObject({
    data: { code: "DATASET_NOT_FOUND" },
  });
});

test("large pictures are shown smaller, floats by their bounds, features not at all", async () => {
  const { client } = await openTestCore();
  const labels = npy([2], Uint8Array.of(0, 1));
  const add = async (images: Uint8Array) => {
    const folder = sourceWith({ "test-x.npy": images, "test-y.npy": labels });
    return client.datasets.preview({ hash: (await client.datasets.add({ folder })).hash });
  };
  const large = new Uint8Array(2 * 200 * 100).fill(8);
  expect(await add(npy([2, 200, 100], large))).toMatchObject({ width: 33, height: 66 });
  const half = Float32Array.of(0, 0.5, 1, 1, 0, 0, 0, 0);
  const floats = await add(encodeNpy({ dtype: "<f4", shape: [2, 1, 2, 2], data: half }));
  const pixels = [...Buffer.from(floats.base64 ?? "", "base64")];
  expect(pixels.slice(0, 7)).toEqual([0, 0, 0, 128, 128, 128, 255]);
  expect(await add(npy([2, 5], new Uint8Array(10)))).toMatchObject({ base64: null, width: 0 });
});
