import { basename, join } from "node:path";
import {
  bytesPerElement,
  decodeNpy,
  NpyError,
  type NpyHeader,
  parseNpyHeader,
} from "../../../shared/npy.ts";
import type { Dataset } from "../../../shared/schemas/dataset.ts";
import { excerpt } from "../../../shared/visible.ts";
import { openStream, type Piece, pieceOf, rowsOf } from "./byte-stream.ts";
import { numberedClasses } from "./labels.ts";
import type { Listing } from "./listing.ts";
import { damaged, unusable } from "./problems.ts";
import { largestSample, mostSamples, type Part, type Source } from "./source.ts";
import { listZip } from "./zip.ts";

/** An array in a file, and what people call it there: `x_train` of `mnist.npz`. */
type NamedArray = { name: string; file: string; piece: Piece };

/** `x`, `train_images`, `y_test`, `val-labels`: which part of a dataset a name means. */
const arrayName =
  /^(?:(train|training|val|valid|validation|test)[-_.]?)?(x|images?|data|y|labels?|targets?)(?:[-_.]?(train|training|val|valid|validation|test))?$/i;

/** The arrays of an `.npz` file. */
export async function arraysOfNpz(file: string): Promise<NamedArray[]> {
  return (await listZip(file)).map(({ name, piece }) => ({
    name: name.replace(/\.npy$/, ""),
    file: `${file}:${name}`,
    piece,
  }));
}

/** The `.npy` files of a folder. */
export async function arraysOfFolder({ folder, files }: Listing): Promise<NamedArray[]> {
  const arrays: NamedArray[] = [];
  for (const name of files.filter((name) => name.endsWith(".npy"))) {
    const file = join(folder, name);
    arrays.push({ name: basename(name, ".npy"), file, piece: await pieceOf(file) });
  }
  return arrays;
}

type Pair = { images?: NamedArray; labels?: NamedArray };

/**
 * Reads images and labels that are NumPy arrays: `x` and `y`, `images` and `labels`, `data` and
 * `targets`, by themselves or with `train`, `val` or `test` before or behind. Images are uint8, or
 * float32 and float64 within [0, 1], which become float32; (N, H, W, C) with 1, 3 or 4 channels is
 * turned to (N, C, H, W), (N, H, W) gets one channel, (N, F) are features. Labels are whole numbers of
 * shape (N) or (N, 1).
 * @throws GauntletError DATASET_INVALID, DATASET_SOURCE_DAMAGED
 */
export async function readArrays(arrays: readonly NamedArray[]): Promise<Source> {
  let outline: Outline | undefined;
  const parts: (Part & { file: string })[] = [];
  for (const [split, { images, labels }] of pairsOf(arrays)) {
    if (!images || !labels)
      throw unusable(
        `It has ${images ? "images" : "labels"} without ${images ? "labels" : "images"}${split ? ` for ${split}` : ""}.`,
        "Arrays are named x and y, images and labels, or data and targets.",
      );
    const header = await headerOf(images);
    const found = outlineOf(images, header);
    outline ??= found;
    if (JSON.stringify(found) !== JSON.stringify(outline))
      throw damaged(images.file, "holds samples of another shape or type than the other arrays");
    const values = await readLabels(labels);
    const count = header.shape[0] ?? 0;
    if (values.length !== count)
      throw damaged(labels.file, `has ${values.length} labels for ${count} samples`);
    const { file } = labels;
    parts.push({ split, labels: values, file, rows: () => rowsFrom(images, header, found) });
  }
  if (!outline)
    throw unusable(
      `None of its arrays is named as images or labels are: ${excerpt(arrays.map(({ name }) => name).join(", "), 200)}.`,
      "Arrays are named x and y, images and labels, or data and targets.",
    );
  return {
    format: "NumPy arrays",
    classes: numberedClasses(parts),
    input: outline.input,
    dtype: outline.dtype === "|u1" ? "|u1" : "<f4",
    parts,
    notes: [],
  };
}

function pairsOf(arrays: readonly NamedArray[]): Map<Part["split"], Pair> {
  const pairs = new Map<Part["split"], Pair>();
  for (const array of arrays) {
    const [, before, kind = "", behind] = arrayName.exec(array.name) ?? [];
    if (kind === "" || (before && behind)) continue;
    const split = splitOf(before ?? behind);
    const pair = pairs.get(split) ?? {};
    const key = /^(x|image|data)/i.test(kind) ? "images" : "labels";
    const other = pair[key];
    if (other)
      throw unusable(
        `Both ${excerpt(other.name)} and ${excerpt(array.name)} may be its ${key}.`,
        "Leave one of them out, or name it otherwise.",
      );
    pair[key] = array;
    pairs.set(split, pair);
  }
  return pairs;
}

function splitOf(word: string | undefined): Part["split"] {
  if (word === undefined) return null;
  const lower = word.toLowerCase();
  return lower.startsWith("train") ? "train" : lower.startsWith("val") ? "val" : "test";
}

/** Bytes of a header; parseNpyHeader refuses longer ones by what they claim. */
const longestHeader = 2 ** 16;

async function headerOf({ file, piece }: NamedArray): Promise<NpyHeader> {
  const stream = openStream(piece);
  try {
    let start = await stream.take(10);
    // Version 1 tells the header's length in two bytes, later ones in four.
    const isWide = start[6] !== 1;
    if (isWide) start = Buffer.concat([start, await stream.take(2)]);
    const length = isWide ? start.readUInt32LE(8) : start.readUInt16LE(8);
    const text = await stream.take(Math.min(length, longestHeader));
    const header = parseNpyHeader(Buffer.concat([start, text]));
    if (piece.compression === "none" && piece.length !== header.dataOffset + header.byteLength)
      throw damaged(
        file,
        `has ${piece.length} bytes, not the ${header.dataOffset + header.byteLength} it claims`,
      );
    const rowBytes = header.byteLength / Math.max(1, header.shape[0] ?? 0);
    if ((header.shape[0] ?? 0) > mostSamples || rowBytes > largestSample || header.count === 0)
      throw damaged(file, `claims to be an array of shape (${header.shape.join(", ")})`);
    return header;
  } catch (error) {
    throw error instanceof NpyError
      ? damaged(file, `cannot be read. ${error.message.slice(0, -1)}`)
      : error;
  } finally {
    stream.close();
  }
}

/** What all parts have in common: a sample as it is packed, and how it lies in the arrays. */
type Outline = {
  input: Dataset["input"];
  dtype: "|u1" | "<f4" | "<f8";
  /** Channels that come last in the array, and first when packed; 1: nothing is turned. */
  turned: number;
};

function outlineOf({ file }: NamedArray, { shape, dtype }: NpyHeader): Outline {
  if (dtype !== "|u1" && dtype !== "<f4" && dtype !== "<f8")
    throw damaged(file, `holds elements of type ${dtype}; images are uint8, float32 or float64`);
  const [, ...sample] = shape;
  const [a = 0, b = 0, c = 0] = sample;
  const image = (channels: number, height: number, width: number, turned: number): Outline => ({
    input: { shape: [channels, height, width], layout: "NCHW", bounds: [0, 1] },
    dtype,
    turned,
  });
  if (sample.length === 1)
    return { input: { shape: [a], layout: "NF", bounds: [0, 1] }, dtype, turned: 1 };
  if (sample.length === 2) return image(1, a, b, 1);
  if (sample.length === 3 && [1, 3].includes(a)) return image(a, b, c, 1);
  if (sample.length === 3 && [1, 3, 4].includes(c)) return image(c, a, b, c);
  throw damaged(
    file,
    `has the shape (${shape.join(", ")}); images are (N, C, H, W), (N, H, W, C), (N, H, W) or (N, F)`,
  );
}

async function* rowsFrom(
  { file, piece }: NamedArray,
  { shape, byteLength, dataOffset }: NpyHeader,
  { dtype, turned }: Outline,
): AsyncGenerator<Uint8Array, void> {
  const count = shape[0] ?? 0;
  const width = bytesPerElement(dtype);
  let index = 0;
  for await (const row of rowsOf(piece, dataOffset, count, byteLength / count)) {
    const bytes = dtype === "|u1" ? row : floats(row, width, `${file}, sample ${index}`);
    yield turned === 1 ? bytes : planes(bytes, turned, dtype === "|u1" ? 1 : 4);
    index++;
  }
}

/** Little-endian float32 of float32 or float64 within [0, 1]. */
function floats(row: Buffer, width: number, where: string): Uint8Array {
  const result = Buffer.alloc((row.length / width) * 4);
  for (let i = 0; i < result.length / 4; i++) {
    const value = width === 4 ? row.readFloatLE(i * 4) : row.readDoubleLE(i * 8);
    if (!(value >= 0 && value <= 1))
      throw damaged(
        where,
        `has the value ${value}; floats lie within 0 and 1, bytes within 0 and 255`,
      );
    result.writeFloatLE(value, i * 4);
  }
  return result;
}

/** From pixels side by side to one plane after another, elements of `width` bytes. */
function planes(data: Uint8Array, channels: number, width: number): Uint8Array {
  const pixels = data.length / channels / width;
  const result = new Uint8Array(data.length);
  for (let channel = 0; channel < channels; channel++)
    for (let pixel = 0; pixel < pixels; pixel++)
      for (let byte = 0; byte < width; byte++)
        result[(channel * pixels + pixel) * width + byte] =
          data[(pixel * channels + channel) * width + byte] ?? 0;
  return result;
}

async function readLabels(array: NamedArray): Promise<number[]> {
  const { file, piece } = array;
  const { shape, dataOffset, byteLength, dtype } = await headerOf(array);
  if (shape.length !== 1 && !(shape.length === 2 && shape[1] === 1))
    throw damaged(file, `has the shape (${shape.join(", ")}); labels are (N) or (N, 1)`);
  if (dtype === "<f4" || dtype === "<f8")
    throw damaged(file, `holds elements of type ${dtype}; labels are whole numbers`);
  const stream = openStream(piece);
  try {
    return Array.from(decodeNpy(await stream.take(dataOffset + byteLength)).data, Number);
  } finally {
    stream.close();
  }
}
