/** The samples of a job's sample set, read from the packed dataset as they are needed. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { GauntletError } from "../shared/errors.ts";
import { NpyError } from "../shared/npy.ts";
import { datasetSchema, sampleId } from "../shared/schemas/dataset.ts";
import type { SampleSet } from "../shared/schemas/run-folder.ts";
import { NpyFileReader } from "./npy-file.ts";

/**
 * How many samples are worked on together. Groups are cut by position in the sample set, before
 * misclassified samples are dropped, so that what a group holds depends on nothing else.
 */
export const groupSize = 50;

export type Samples = {
  count: number;
  /** One sample's shape, and the number of its values. */
  shape: number[];
  size: number;
  bounds: [number, number];
  classes: number;
  /** By position in the sample set. */
  ids: string[];
  indexes: number[];
  labels: Int32Array;
  /** float32 rows (count * size) within the bounds, from position `from` on. */
  readRows(from: number, count: number): Promise<Float32Array>;
  close(): Promise<void>;
};

/** The groups of a sample set, as positions `from` (included) to `to` (excluded). */
export function groupsOf(count: number): { from: number; to: number }[] {
  return Array.from({ length: Math.ceil(count / groupSize) }, (_, i) => ({
    from: i * groupSize,
    to: Math.min((i + 1) * groupSize, count),
  }));
}

/**
 * Opens the samples of a set.
 * @throws GauntletError DATASET_INVALID, DATASET_TOO_SMALL
 */
export async function openSamples(folder: string, set: SampleSet): Promise<Samples> {
  const text = await readFile(join(folder, "dataset.json"), "utf8");
  const dataset = datasetSchema.parse(JSON.parse(text));
  const split = dataset.splits[set.split];
  if (!split) throw invalid(`The dataset ${dataset.name} has no split named ${set.split}.`);
  const outside = set.indexes.find((index) => index >= split.count);
  if (outside !== undefined)
    throw new GauntletError(
      "DATASET_TOO_SMALL",
      `Sample ${outside} was asked for, ${set.split} has ${split.count}.`,
    );
  const labels = await readLabels(join(folder, split.labels), split.count, set.indexes);
  const classes = dataset.classes.length;
  const strange = labels.find((label) => label < 0 || label >= classes);
  if (strange !== undefined)
    throw invalid(`${split.labels} has the label ${strange}, the dataset has ${classes} classes.`);
  const images = await openArray(join(folder, split.images), split.count);
  const { shape, bounds } = dataset.input;
  const { dtype } = images.header;
  if (String(images.header.shape.slice(1)) !== String(shape) || !["|u1", "<f4"].includes(dtype)) {
    await images.close();
    throw invalid(
      `${split.images} has rows of shape (${images.header.shape.slice(1)}) and type ${dtype}; ` +
        `dataset.json says shape (${shape}), uint8 or float32.`,
    );
  }
  const size = images.rowSize;
  return {
    count: set.indexes.length,
    shape,
    size,
    bounds,
    classes,
    ids: set.indexes.map((index) => sampleId(set.split, index)),
    indexes: set.indexes,
    labels,
    readRows: async (from, count) => {
      const rows = new Float32Array(count * size);
      for (let i = 0; i < count; i++) {
        const bytes = await images.readRowBytes(set.indexes[from + i] ?? 0, 1);
        const values = dtype === "|u1" ? bytes : new Float32Array(bytes.buffer);
        rows.set(values, i * size);
      }
      if (dtype === "|u1") scale(rows, bounds);
      return rows;
    },
    close: () => images.close(),
  };
}

/** uint8 values stand for the bounds: 0 is the lower, 255 the upper. */
function scale(rows: Float32Array, [low, high]: [number, number]): void {
  const table = Float32Array.from({ length: 256 }, (_, i) => low + (i / 255) * (high - low));
  for (let i = 0; i < rows.length; i++) rows[i] = table[rows[i] ?? 0] ?? low;
}

async function readLabels(path: string, count: number, indexes: number[]): Promise<Int32Array> {
  const file = await openArray(path, count);
  try {
    const { dtype, shape } = file.header;
    if (shape.length !== 1) throw invalid(`${path} has ${shape.length} axes, labels have one.`);
    const bytes = await file.readRowBytes(0, count);
    const all = labelsFrom(dtype, bytes);
    if (!all) throw invalid(`${path} holds ${dtype}; labels are uint8, int32 or int64.`);
    return Int32Array.from(indexes, (index) => Number(all[index]));
  } finally {
    await file.close();
  }
}

function labelsFrom(dtype: string, bytes: Uint8Array) {
  if (dtype === "|u1") return bytes;
  if (dtype === "<i4") return new Int32Array(bytes.buffer);
  if (dtype === "<i8") return new BigInt64Array(bytes.buffer);
  return null;
}

async function openArray(path: string, count: number): Promise<NpyFileReader> {
  let file: NpyFileReader;
  try {
    file = await NpyFileReader.open(path);
  } catch (error) {
    if (error instanceof NpyError) throw invalid(`${path}: ${error.message}`);
    throw error;
  }
  const rows = file.header.shape[0];
  if (rows === count) return file;
  await file.close();
  throw invalid(`${path} has ${rows} rows, dataset.json says ${count}.`);
}

function invalid(message: string): GauntletError {
  return new GauntletError("DATASET_INVALID", message);
}
