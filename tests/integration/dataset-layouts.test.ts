/** Every layout that `gauntlet datasets add` reads, packed to the same values in the same order. */
import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import sharp from "sharp";
import { expect, test } from "vitest";
import { type PackOptions, packSource } from "../../core/services/packing/pack.ts";
import { readSource } from "../../core/services/packing/recognise.ts";
import type { ReadOptions } from "../../core/services/packing/source.ts";
import { decodeNpy, encodeNpy, type Npy } from "../../shared/npy.ts";
import { type Dataset, datasetSchema } from "../../shared/schemas/dataset.ts";
import { cifarBatch, idx, image, npy, sourceWith, zip } from "../support/dataset-sources.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

type Packed = { manifest: Dataset; notes: string[]; array(file: string): Npy };

async function pack(
  path: string,
  { size = null, ...options }: Partial<ReadOptions & PackOptions> = {},
): Promise<Packed> {
  const folder = join(temporaryFolder(), "packed");
  const source = await readSource(path, { size });
  const { notes } = await packSource(source, folder, { name: "it", testShare: null, ...options });
  const manifest = datasetSchema.parse(
    JSON.parse(readFileSync(join(folder, "dataset.json"), "utf8")),
  );
  return { manifest, notes, array: (file) => decodeNpy(readFileSync(join(folder, file))) };
}

const red = [255, 0, 0] as const;
const green = [0, 255, 0] as const;
const labelsOf = ({ array }: Packed, split: string) => [...array(`${split}-labels.npy`).data];
const countsOf = ({ manifest }: Packed) =>
  Object.fromEntries(Object.entries(manifest.splits).map(([split, { count }]) => [split, count]));

/** `count` files of a class. */
async function many(folder: string, count: number, colour: readonly [number, number, number]) {
  const bytes = await image(colour);
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`${folder}/${i}.png`, bytes]));
}

test("folders of classes are divided by class, the same way every time", async () => {
  const source = sourceWith({
    ...(await many("cat", 20, red)),
    ...(await many("dog", 10, green)),
    "cat/notes.txt": "",
    "dog/.DS_Store": "",
  });
  const first = await pack(source);
  expect(first.manifest.classes).toEqual(["cat", "dog"]);
  expect(first.manifest.input.shape).toEqual([3, 4, 4]);
  expect(countsOf(first)).toEqual({ train: 24, test: 6 });
  expect(labelsOf(first, "test")).toEqual([0, 0, 0, 0, 1, 1]);
  // A plane after another: the cat is all red, the dog all green.
  const images = first.array("test-images.npy").data;
  expect(Array.from(images.slice(0, 48), Number)).toEqual([
    ...Array(16).fill(255),
    ...Array(32).fill(0),
  ]);
  expect(images.at(-20)).toBe(255);
  expect(first.notes.join(" ")).toMatch(/20 % .* 1 files that are no PNG|1 files .* 20 %/);
  expect((await pack(source)).manifest).toEqual(first.manifest);
  expect(countsOf(await pack(source, { testShare: 0.5 }))).toEqual({ train: 15, test: 15 });
});

test("a changed image makes another version", async () => {
  const files = { ...(await many("a", 3, red)), ...(await many("b", 3, red)) };
  const before = await pack(sourceWith(files));
  const after = await pack(sourceWith({ ...files, "b/1.png": await image(green) }));
  expect(after.manifest.version).not.toBe(before.manifest.version);
});

test("folders of splits stand, and val is the test split where there is no other", async () => {
  const files = {
    ...(await many("train/a", 3, red)),
    ...(await many("train/b", 3, green)),
    ...(await many("val/b", 2, green)),
  };
  const two = await pack(sourceWith(files));
  expect(countsOf(two)).toEqual({ train: 6, test: 2 });
  expect(labelsOf(two, "test")).toEqual([1, 1]);
  const three = await pack(sourceWith({ ...files, ...(await many("test/a", 1, red)) }));
  expect(countsOf(three)).toEqual({ train: 6, val: 2, test: 1 });
  await expect(
    pack(sourceWith({ ...files, ...(await many("test/a", 1, red)) }), { testShare: 0.2 }),
  ).rejects.toMatchObject({ code: "DATASET_INVALID" });
});

test("images of other sizes are refused by name, or resized", async () => {
  const source = sourceWith({
    ...(await many("a", 2, red)),
    "b/tall.jpg": await image(green, "jpeg", [9, 4]),
  });
  await expect(pack(source)).rejects.toMatchObject({
    code: "DATASET_SIZES_DIFFER",
    message: expect.stringMatching(/tall\.jpg.* is 9x4 .*, 0\.png is 4x4/),
    hint: expect.stringContaining("--size 4x4"),
  });
  const { manifest } = await pack(source, { size: [8, 6] });
  expect(manifest.input.shape).toEqual([3, 8, 6]);
});

test("grey images have one channel, unless another has colours", async () => {
  const grey = await sharp(Buffer.from([0, 50, 100, 150]), {
    raw: { width: 2, height: 2, channels: 1 },
  })
    .toColourspace("b-w")
    .png()
    .toBuffer();
  const files = { "a/1.png": grey, "a/2.png": grey, "b/1.png": grey, "b/2.png": grey };
  const alone = await pack(sourceWith(files));
  expect(alone.manifest.input.shape).toEqual([1, 2, 2]);
  expect([...alone.array("test-images.npy").data]).toEqual([0, 50, 100, 150]);
  const mixed = await pack(sourceWith({ ...files, "b/3.png": await image(red, "png", [2, 2]) }));
  expect(mixed.manifest.input.shape).toEqual([3, 2, 2]);
});

test("Tiny ImageNet, whole and its validation part alone", async () => {
  const val = {
    "val/images/val_0.JPEG": await image(red, "jpeg"),
    "val/images/val_1.JPEG": await image(green, "jpeg"),
    "val/val_annotations.txt":
      "val_0.JPEG\tn00000002\t0\t0\t3\t3\nval_1.JPEG\tn00000001\t0\t0\t3\t3\n",
  };
  const whole = {
    ...val,
    "wnids.txt": "n00000002\nn00000001\nn00000003\n",
    "words.txt": "n00000001\tgoldfish, Carassius auratus\nn00000002\tox\nn00000003\tox\n",
    "train/n00000001/images/n00000001_0.JPEG": await image(green, "jpeg"),
    "train/n00000002/images/n00000002_0.JPEG": await image(red, "jpeg"),
    "test/images/test_0.JPEG": await image(red, "jpeg"),
  };
  const both = await pack(sourceWith(whole));
  expect(both.manifest.classes).toEqual(["goldfish", "ox (n00000002)", "ox (n00000003)"]);
  expect(countsOf(both)).toEqual({ train: 2, test: 2 });
  expect(labelsOf(both, "train")).toEqual([0, 1]);
  expect(labelsOf(both, "test")).toEqual([1, 0]);
  const alone = await pack(join(sourceWith(val), "val"));
  expect(alone.manifest.classes).toEqual(["n00000001", "n00000002"]);
  expect(countsOf(alone)).toEqual({ test: 2 });
  expect(countsOf(await pack(sourceWith(val), { testShare: 0.5 }))).toEqual({ train: 1, test: 1 });
});

test("labels.yml beside the images, by number or by name", async () => {
  const images = {
    "images/b.png": await image(green),
    "images/a.png": await image(red),
    "c.png": await image(red),
  };
  const numbered = await pack(
    sourceWith({ ...images, "labels.yml": "b.png: 1\na.png: 0\nc.png: 3\n" }),
  );
  expect(numbered.manifest.classes).toEqual(["0", "1", "2", "3"]);
  const named = await pack(sourceWith({ ...images, "labels.yml": "b.png: dog\na.png: cat\n" }));
  expect(named.manifest.classes).toEqual(["cat", "dog"]);
});

const pixels = Uint8Array.from({ length: 4 * 2 * 2 * 3 }, (_, i) => i);
const two = Uint8Array.of(0, 1, 0, 1);

test.each([
  ["stored", false],
  ["deflated", true],
])("arrays in an .npz archive, %s, with the channels last", async (_how, deflate) => {
  const archive = zip(
    {
      "x_train.npy": npy([4, 2, 2, 3], pixels),
      "y_train.npy": npy([4, 1], two),
      "x_test.npy": npy([4, 2, 2, 3], pixels),
      "y_test.npy": npy([4], two),
    },
    { deflate },
  );
  const packed = await pack(join(sourceWith({ "a.npz": archive }), "a.npz"));
  expect(packed.manifest.input).toEqual({ shape: [3, 2, 2], layout: "NCHW", bounds: [0, 1] });
  expect(Array.from(packed.array("train-images.npy").data.slice(0, 12), Number)).toEqual([
    0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11,
  ]);
});

test("arrays in a folder: floats within 0 and 1, features, labels of int64", async () => {
  const x = encodeNpy({
    dtype: "<f4",
    shape: [4, 2],
    data: Float32Array.of(0, 1, 0.5, 0, 1, 1, 0, 0),
  });
  const y = encodeNpy({ dtype: "<i8", shape: [4], data: BigInt64Array.of(0n, 1n, 0n, 1n) });
  const packed = await pack(sourceWith({ "test-x.npy": x, "test-y.npy": y }));
  expect(packed.manifest.input).toEqual({ shape: [2], layout: "NF", bounds: [0, 1] });
  expect(packed.array("test-images.npy")).toMatchObject({ dtype: "<f4", shape: [4, 2] });
  const large = encodeNpy({ dtype: "<f4", shape: [4, 2], data: new Float32Array(8).fill(255) });
  await expect(pack(sourceWith({ "x.npy": large, "y.npy": y }))).rejects.toMatchObject({
    message: expect.stringContaining("has the value 255"),
  });
});

test("IDX files, compressed or not", async () => {
  const packed = await pack(
    sourceWith({
      "train-images-idx3-ubyte.gz": gzipSync(idx([4, 2, 6], pixels)),
      "train-labels-idx1-ubyte.gz": gzipSync(idx([4], two)),
      "t10k-images.idx3-ubyte": idx([4, 2, 6], pixels),
      "t10k-labels.idx1-ubyte": idx([4], two),
    }),
  );
  expect(packed.manifest.input.shape).toEqual([1, 2, 6]);
  expect(countsOf(packed)).toEqual({ train: 4, test: 4 });
  expect(packed.array("train-images.npy").data).toEqual(packed.array("test-images.npy").data);
});

const record = (...bytes: number[]) =>
  Buffer.from([...bytes, ...new Uint8Array(3072).fill(bytes[0] ?? 0)]);

test("CIFAR-10 as pickles, CIFAR-10 and CIFAR-100 as records", async () => {
  const data = new Uint8Array(2 * 3072).fill(7, 3072);
  const pickled = await pack(
    sourceWith({
      data_batch_1: cifarBatch([0, 1], data),
      data_batch_2: cifarBatch([1, 0], data),
      test_batch: cifarBatch([1, 0], data),
    }),
  );
  expect(countsOf(pickled)).toEqual({ train: 4, test: 2 });
  expect(labelsOf(pickled, "train")).toEqual([0, 1, 1, 0]);
  expect(pickled.array("test-images.npy")).toMatchObject({ shape: [2, 3, 32, 32], data });
  const ten = await pack(
    sourceWith({
      "data_batch_1.bin": Buffer.concat([record(0), record(1)]),
      "test_batch.bin": record(1),
      "batches.meta.txt": "airplane\nautomobile\n",
    }),
  );
  expect(ten.manifest.classes).toEqual(["airplane", "automobile"]);
  const hundred = await pack(sourceWith({ "train.bin": record(9, 1), "test.bin": record(9, 0) }));
  expect(labelsOf(hundred, "train")).toEqual([1]);
});

test("a folder in a folder, as archives unpack", async () => {
  const source = sourceWith({ ...(await many("in/a", 2, red)), ...(await many("in/b", 2, green)) });
  expect((await pack(source)).manifest.classes).toEqual(["a", "b"]);
});

test("links are not followed, whatever they lead to", async () => {
  const outside = sourceWith({ "secret.png": await image(red) });
  const source = sourceWith({ ...(await many("a", 2, red)), ...(await many("b", 2, green)) });
  symlinkSync(join(outside, "secret.png"), join(source, "a", "link.png"));
  symlinkSync(outside, join(source, "c"));
  const packed = await pack(source);
  expect(packed.manifest.classes).toEqual(["a", "b"]);
  expect(countsOf(packed)).toEqual({ train: 3, test: 1 });
});
