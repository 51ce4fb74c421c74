/** Files that are cut off, lie or attack are refused by name, with bounded memory and nothing run. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { packSource } from "../../core/services/packing/pack.ts";
import { readSource } from "../../core/services/packing/recognise.ts";
import { encodeNpyHeader } from "../../shared/npy.ts";
import { cifarBatch, idx, image, npy, sourceWith, zip } from "../support/dataset-sources.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

type Files = Record<string, Uint8Array | string>;

const small = await image([9, 9, 9], "jpeg", [40, 40]);
const good = { "a/1.jpg": small, "b/1.jpg": small, "b/2.jpg": small };
const labels = idx([2], Uint8Array.of(0, 1));
const batch = cifarBatch([0, 1], new Uint8Array(2 * 3072));
const y = npy([2], Uint8Array.of(0, 1));

/** A PNG whose header claims 60,000 x 60,000 pixels. */
function bomb(): Buffer {
  const png = Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==",
    "base64",
  );
  png.writeUInt32BE(60_000, 16);
  png.writeUInt32BE(60_000, 20);
  return png;
}

/** The header of an array of Python objects, which NumPy would unpickle. */
const pickledArray = Buffer.from(
  Buffer.from(encodeNpyHeader("|u1", [2, 3]))
    .toString("latin1")
    .replace("|u1", "|O8"),
  "latin1",
);

/** Pickled: os.system("touch FILE"). */
function command(file: string): Buffer {
  const text = `touch ${file}`;
  return Buffer.concat([
    Buffer.from("\x80\x02cposix\nsystem\n", "latin1"),
    Buffer.from([0x55, text.length]),
    Buffer.from(`${text}\x85R.`, "latin1"),
  ]);
}

/** Nothing is ever written there. */
const evil = join(import.meta.dirname, "was-run");

test.each<[string, Files, string | RegExp]>([
  ["a JPEG that is cut off", { ...good, "b/3.jpg": small.subarray(0, small.length - 60) }, "3.jpg"],
  ["a JPEG that ends in its header", { ...good, "b/3.jpg": small.subarray(0, 30) }, "3.jpg"],
  ["a text named .png", { ...good, "b/3.png": "no image" }, /3\.png does not begin as a PNG/],
  [
    "an SVG named .png",
    { ...good, "b/3.png": "<svg xmlns='http://www.w3.org/2000/svg'/>" },
    "3.png",
  ],
  ["an empty image", { ...good, "b/3.png": "" }, "3.png"],
  [
    "an image that claims to be huge",
    { ...good, "b/3.png": bomb() },
    /3\.png claims 60000x60000 pixels/,
  ],
  [
    "an annotation with a path",
    { "val/val_annotations.txt": "../../x.JPEG\tn00000001\n", "val/images/a.JPEG": small },
    "no file's own name",
  ],
  [
    "an annotation of a file that is not there",
    { "val/val_annotations.txt": "x.JPEG\tn00000001\n", "val/images/a.JPEG": small },
    "x.JPEG, which is not in",
  ],
  ["labels with a path", { "labels.yml": "../a.png: 1\n", "a.png": small }, "no file's own name"],
  ["labels with a Windows path", { "labels.yml": "'..\\a.png': 1\n", "a.png": small }, "own name"],
  ["labels that grow by aliases", { "labels.yml": "a: &a [1, 1]\nb: [*a, *a]\n" }, "aliases"],
  ["labels that are no list", { "labels.yml": "- 1\n" }, "no list of names"],
  ["labels that are no YAML", { "labels.yml": "a: [\n" }, "no YAML"],
  ["a label below 0", { "labels.yml": "a.png: -1\n", "a.png": small }, "-1 as label"],
  ["a label far above", { "labels.yml": "a.png: 99999999\n", "a.png": small }, "as label"],
  [
    "an IDX file of another kind",
    { "t10k-images-idx3-ubyte": labels, "t10k-labels-idx1-ubyte": labels },
    "no IDX file of unsigned bytes with 3 axes",
  ],
  [
    "an IDX file that is cut off",
    {
      "t10k-images-idx3-ubyte": idx([2, 2, 2], new Uint8Array(7)),
      "t10k-labels-idx1-ubyte": labels,
    },
    "has 23 bytes, not the 24 it claims",
  ],
  [
    "a compressed IDX file that is cut off",
    {
      "t10k-images-idx3-ubyte.gz": gzipSync(idx([2, 20, 20], small.subarray(0, 800))).subarray(
        0,
        40,
      ),
      "t10k-labels-idx1-ubyte": labels,
    },
    "cut off",
  ],
  [
    "an IDX file that claims to be huge",
    {
      "t10k-images-idx3-ubyte.gz": gzipSync(idx([2 ** 32 - 1, 65_535, 65_535], new Uint8Array(9))),
      "t10k-labels-idx1-ubyte": labels,
    },
    "claims to hold",
  ],
  [
    "compressed labels that claim to be many",
    {
      "t10k-images-idx3-ubyte": idx([2, 1, 1], new Uint8Array(2)),
      "t10k-labels-idx1-ubyte": gzipSync(idx([19_000_000], new Uint8Array(9))),
    },
    "is cut off: 18999991 bytes are missing",
  ],
  [
    "images without labels",
    { "t10k-images-idx3-ubyte": idx([1, 1, 1], new Uint8Array(1)) },
    "images without labels",
  ],
  ["an array that is none", { "x.npy": "no array", "y.npy": y }, "x.npy"],
  [
    "an array that is cut off",
    { "x.npy": npy([2, 3], new Uint8Array(6)).subarray(0, 130), "y.npy": y },
    "x.npy has 130 bytes",
  ],
  [
    "an array that claims to be huge",
    {
      "x.npz": zip(
        { "x.npy": encodeNpyHeader("|u1", [2, 2 ** 40, 2 ** 10]), "y.npy": y },
        { deflate: true },
      ),
    },
    /x\.npy (claims|cannot be read)/,
  ],
  [
    "an array of pickled objects",
    {
      "x.npy": pickledArray,
      "y.npy": y,
    },
    "pickled Python objects",
  ],
  [
    "more labels than samples",
    { "x.npy": npy([1, 2], new Uint8Array(2)), "y.npy": y },
    "has 2 labels for 1 samples",
  ],
  [
    "an archive that is cut off",
    { "a.npz": zip({ "x.npy": y, "y.npy": y }).subarray(0, 200) },
    "no ZIP archive, or is cut off",
  ],
  [
    "an archive that points outside",
    { "a.npz": zip({ "x.npy": y, "y.npy": y }, { claim: 2 ** 31 }) },
    "points outside",
  ],
  [
    "an archive with paths",
    { "a.npz": zip({ "../x.npy": y, "/etc/y.npy": y }) },
    "None of its arrays",
  ],
  ["a pickle that is cut off", { test_batch: batch.subarray(0, 3000) }, "test_batch is cut off"],
  [
    "a pickle that calls a function",
    { test_batch: command(evil) },
    "names posix.system, which is not run",
  ],
  [
    "a pickle that makes its array by another function",
    { test_batch: cifarBatch([0, 1], new Uint8Array(2 * 3072), ["builtins", "eval"]) },
    "names builtins.eval",
  ],
  [
    "a pickle of another shape",
    { test_batch: cifarBatch([0, 1], new Uint8Array(10)) },
    "with 10 bytes, not 6144",
  ],
  [
    "a pickle with an opcode that makes objects",
    { test_batch: Buffer.from("(iposix\nsystem\n.", "latin1") },
    "opcode 0x69",
  ],
  [
    "a pickle that claims a huge text",
    { test_batch: Buffer.from([0x80, 4, 0x8e, 255, 255, 255, 255, 255, 255, 0, 0]) },
    "cut off",
  ],
  [
    "a pickle that takes what is not there",
    { test_batch: Buffer.from([0x80, 2, 0x52, 0x2e]) },
    "not there",
  ],
  ["records of another length", { "test_batch.bin": new Uint8Array(3074) }, "no records of 3073"],
])("%s is refused", async (_what, files, message) => {
  const source = sourceWith(files);
  const folder = join(temporaryFolder(), "packed");
  const answer = readSource(source, { size: null }).then((read) =>
    packSource(read, folder, { name: "it", testShare: null }),
  );
  await expect(answer).rejects.toMatchObject({
    name: "GauntletError",
    message:
      typeof message === "string"
        ? expect.stringContaining(message)
        : expect.stringMatching(message),
  });
  expect(existsSync(join(folder, "dataset.json"))).toBe(false);
  expect(existsSync(evil)).toBe(false);
});
