/**
 * CIFAR-10 and CIFAR-100 (Krizhevsky 2009) as they are given away: the "python version", pickles of
 * 10,000 images or more, and the "binary version", whose records are a label (CIFAR-100: a coarse and
 * a fine one) and 3072 bytes, red, green and blue plane. https://www.cs.toronto.edu/~kriz/cifar.html
 */
import { join } from "node:path";
import { excerpt } from "../../../shared/visible.ts";
import { openRegularFile } from "../../platform/regular-file.ts";
import { type Piece, pieceOf, rowsOf } from "./byte-stream.ts";
import { numberedClasses } from "./labels.ts";
import { linesOf, type Listing, readText } from "./listing.ts";
import { PickledArray, PickledMap, type Pickled, PickleError, readPickle } from "./pickle.ts";
import { damaged } from "./problems.ts";
import type { Part, Source } from "./source.ts";

const pixels = 3 * 32 * 32;

/** The files of one of the four forms, in the order of their samples. */
export type CifarFiles = {
  format: "CIFAR-10" | "CIFAR-100";
  form: "pickle" | "binary";
  train: string[];
  test: string[];
  /** Names of the classes; null where that file is missing. */
  meta: string | null;
};

type Form = Pick<CifarFiles, "format" | "form"> & { train: RegExp; test: string; meta: string };

const forms: readonly Form[] = [
  {
    format: "CIFAR-10",
    form: "pickle",
    train: /^data_batch_\d$/,
    test: "test_batch",
    meta: "batches.meta",
  },
  {
    format: "CIFAR-10",
    form: "binary",
    train: /^data_batch_\d\.bin$/,
    test: "test_batch.bin",
    meta: "batches.meta.txt",
  },
  {
    format: "CIFAR-100",
    form: "binary",
    train: /^train\.bin$/,
    test: "test.bin",
    meta: "fine_label_names.txt",
  },
  { format: "CIFAR-100", form: "pickle", train: /^train$/, test: "test", meta: "meta" },
];

/** The files of CIFAR in a folder; null when there are none. */
export function findCifar({ folder, files }: Listing): CifarFiles | null {
  for (const { format, form, train, test, meta } of forms) {
    const found = files.filter((name) => train.test(name));
    const hasTest = files.includes(test);
    if (found.length === 0 && !hasTest) continue;
    return {
      format,
      form,
      train: found.map((name) => join(folder, name)),
      test: hasTest ? [join(folder, test)] : [],
      meta: files.includes(meta) ? join(folder, meta) : null,
    };
  }
  return null;
}

/** Reads CIFAR's own splits, with the fine labels of CIFAR-100. @throws GauntletError DATASET_SOURCE_DAMAGED */
export async function readCifar(found: CifarFiles): Promise<Source> {
  const batches: { split: "train" | "test"; batch: Batch }[] = [];
  for (const split of ["train", "test"] as const)
    for (const file of found[split]) {
      const batch =
        found.form === "pickle" ? await pickled(file) : await binary(file, found.format);
      batches.push({ split, batch });
    }
  const numbered = numberedClasses(batches.map(({ batch }) => batch));
  const named = found.meta === null ? [] : await classNames(found.meta, found.form);
  return {
    format: found.format,
    classes: named.length >= numbered.length ? named : numbered,
    input: { shape: [3, 32, 32], layout: "NCHW", bounds: [0, 1] },
    dtype: "|u1",
    parts: (["train", "test"] as const).flatMap((split): Part[] => {
      const those = batches.filter((each) => each.split === split).map(({ batch }) => batch);
      if (those.length === 0) return [];
      return [{ split, labels: those.flatMap(({ labels }) => labels), rows: () => inTurn(those) }];
    }),
    notes: [],
  };
}

type Batch = { file: string; labels: number[]; rows(): AsyncIterable<Uint8Array> };

async function* inTurn(batches: readonly Batch[]): AsyncGenerator<Uint8Array, void> {
  for (const batch of batches) yield* batch.rows();
}

/** Bytes of one pickle: CIFAR-100's training images take 155 MB. */
const largestPickle = 512 * 1024 * 1024;

async function unpickled(file: string): Promise<PickledMap> {
  const handle = await openRegularFile(file);
  if (!handle) throw damaged(file, "is not there");
  try {
    const { size } = await handle.stat();
    if (size > largestPickle) throw damaged(file, "is larger than a batch of CIFAR");
    const value = readPickle(await handle.readFile());
    if (value instanceof PickledMap) return value;
    throw damaged(file, "holds no dictionary");
  } catch (error) {
    if (error instanceof PickleError) throw damaged(file, excerpt(error.message, 300), error);
    throw error;
  } finally {
    await handle.close();
  }
}

/** The labels stay in memory; the images are read again when it is their turn. */
async function pickled(file: string): Promise<Batch> {
  const map = await unpickled(file);
  const given = listOf(map.get("fine_labels") ?? map.get("labels"));
  const labels = given.map((label) => (typeof label === "number" ? label : Number.NaN));
  const { shape } = imagesOf(file, map);
  if (shape[0] !== labels.length)
    throw damaged(file, `has ${labels.length} labels for ${shape[0]} images`);
  async function* rows(): AsyncGenerator<Uint8Array, void> {
    const { data } = imagesOf(file, await unpickled(file));
    for (let at = 0; at < data.length; at += pixels) yield data.subarray(at, at + pixels);
  }
  return { file, labels, rows };
}

function imagesOf(file: string, map: PickledMap): PickledArray {
  const data = map.get("data");
  if (data instanceof PickledArray && data.type === "u1" && data.shape.length === 2)
    if (data.shape[1] === pixels) return data;
  throw damaged(file, `holds no data of shape (N, ${pixels}) and type u1`);
}

function listOf(value: Pickled | undefined): Pickled[] {
  return Array.isArray(value) ? value : [];
}

async function binary(file: string, format: CifarFiles["format"]): Promise<Batch> {
  const piece = await pieceOf(file);
  const labelBytes = format === "CIFAR-10" ? 1 : 2;
  const recordBytes = labelBytes + pixels;
  const count = piece.length / recordBytes;
  if (piece.compression !== "none" || !Number.isInteger(count) || count === 0)
    throw damaged(file, `has ${piece.length} bytes, which are no records of ${recordBytes}`);
  const labels: number[] = [];
  for await (const record of rowsOf(piece, 0, count, recordBytes))
    labels.push(record[labelBytes - 1] ?? 0);
  return { file, labels, rows: () => withoutLabels(piece, count, labelBytes) };
}

async function* withoutLabels(
  piece: Piece,
  count: number,
  labelBytes: number,
): AsyncGenerator<Uint8Array, void> {
  for await (const record of rowsOf(piece, 0, count, labelBytes + pixels))
    yield record.subarray(labelBytes);
}

async function classNames(meta: string, form: CifarFiles["form"]): Promise<string[]> {
  if (form === "binary") return linesOf(await readText(meta));
  const map = await unpickled(meta);
  return listOf(map.get("fine_label_names") ?? map.get("label_names")).map((name) => {
    if (typeof name === "string") return name;
    if (name instanceof Uint8Array) return Buffer.from(name).toString("latin1");
    throw damaged(meta, "has something else than a text among the names of classes");
  });
}
