import { createHash } from "node:crypto";
import { mkdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import { GauntletError } from "../../../shared/errors.ts";
import { formatBytes } from "../../../shared/format.ts";
import { bytesPerElement } from "../../../shared/npy.ts";
import { type Dataset, datasetSchema } from "../../../shared/schemas/dataset.ts";
import { writeFileAtomic } from "../../platform/atomic-file.ts";
import { createNpyWriter, type NpyWriter } from "./npy-writer.ts";
import { unusable } from "./problems.ts";
import type { Source } from "./source.ts";
import { type Placed, placeParts } from "./splits.ts";

export type PackOptions = { name: string; testShare: number | null };

/** What was packed, beside what its `dataset.json` says. */
export type Packed = { format: string; notes: string[] };

type SplitWriter = { images: NpyWriter; labels: NpyWriter; count: number };

/**
 * Writes a source as a packed dataset into a new folder, sample by sample. The version in
 * `dataset.json` is made from the content, so that the same source gives the same dataset on every
 * machine, and a changed one another.
 * @param onProgress told how many samples of how many are written, now and then
 * @throws GauntletError what reading throws, DATASET_INVALID, DISK_FULL
 */
export async function packSource(
  source: Source,
  folder: string,
  { name, testShare }: PackOptions,
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<Packed> {
  const { classes, input, dtype } = source;
  if (classes.length < 2)
    throw unusable(
      `It has ${classes.length === 1 ? "one class" : "no class"}; a classifier tells at least two apart.`,
      "Give the folder that holds a folder for each class.",
    );
  const notes = [...source.notes];
  const placed = placeParts(source.parts, testShare, (sentence) => notes.push(sentence));
  const counts = countSplits(placed);
  const rowBytes = input.shape.reduce((product, size) => product * size, bytesPerElement(dtype));
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  await mkdir(folder, { recursive: true });
  await checkSpace(folder, rowBytes * total);

  const writers = new Map<string, SplitWriter>();
  const hash = createHash("sha256");
  const splits: Dataset["splits"] = {};
  const labelType = classes.length <= 256 ? "|u1" : "<i4";
  const labelBytes = bytesPerElement(labelType);
  try {
    for (const [split, count] of counts) {
      const file = (what: string) => join(folder, `${split}-${what}.npy`);
      const shape = [count, ...input.shape];
      writers.set(split, {
        images: await createNpyWriter(file("images"), dtype, shape, rowBytes),
        labels: await createNpyWriter(file("labels"), labelType, [count], labelBytes),
        count,
      });
    }
    await writeSamples(placed, writers, labelBytes, (done) => onProgress(done, total));
    for (const [split, { images, labels, count }] of writers) {
      hash.update(`${split} ${await images.finish()} ${await labels.finish()}\n`);
      splits[split] = {
        images: `${split}-images.npy`,
        labels: `${split}-labels.npy`,
        count,
      };
    }
  } finally {
    for (const { images, labels } of writers.values()) {
      await images.abandon();
      await labels.abandon();
    }
  }
  hash.update(JSON.stringify({ classes, input }));
  const version = hash.digest("hex").slice(0, 12);
  const description = [`Packed from ${source.format}.`, ...notes].join(" ");
  const manifest = datasetSchema.parse({ name, version, description, classes, input, splits });
  await writeFileAtomic(join(folder, "dataset.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  return { format: source.format, notes };
}

/** Samples by split, in the order in which splits are listed. */
function countSplits(placed: readonly Placed[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const split of ["train", "val", "test"])
    if (placed.some(({ splits }) => splits.includes(split))) counts.set(split, 0);
  for (const { part, splitOf } of placed)
    for (let index = 0; index < part.labels.length; index++) {
      const split = splitOf(index);
      counts.set(split, (counts.get(split) ?? 0) + 1);
    }
  for (const [split, count] of counts)
    if (count === 0)
      throw unusable(`Its split ${split} has no sample.`, "Remove the empty folder.");
  return counts;
}

async function writeSamples(
  placed: readonly Placed[],
  writers: ReadonlyMap<string, SplitWriter>,
  labelBytes: number,
  onProgress: (done: number) => void,
): Promise<void> {
  const label = Buffer.alloc(labelBytes);
  let done = 0;
  for (const { part, splitOf } of placed) {
    let index = 0;
    for await (const row of part.rows()) {
      const writer = writers.get(splitOf(index));
      const value = part.labels[index];
      if (!writer || value === undefined) throw new Error("a source gave more rows than labels");
      label.writeUIntLE(value, 0, labelBytes);
      await writer.images.append(row);
      await writer.labels.append(label);
      index++;
      done++;
      if (done % 256 === 0) onProgress(done);
    }
  }
  onProgress(done);
}

/** Throws DISK_FULL before anything is written that cannot be there as a whole. */
async function checkSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bytes <= bavail * bsize) return;
  throw new GauntletError(
    "DISK_FULL",
    `The packed dataset takes ${formatBytes(bytes)}; ${formatBytes(bavail * bsize)} are free.`,
    { hint: "Free some space, or give a smaller --size." },
  );
}
