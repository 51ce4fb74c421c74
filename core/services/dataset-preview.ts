import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import type { DatasetPreview } from "../../shared/dataset-preview.ts";
import { GauntletError } from "../../shared/errors.ts";
import { bytesPerElement, type NpyHeader, parseNpyHeader } from "../../shared/npy.ts";
import { type Dataset, sampleId } from "../../shared/schemas/dataset.ts";
import type { CatalogDataset } from "../catalog/datasets.ts";
import { chooseSampleSet } from "../domain/sample-set.ts";
import type { CoreContext } from "./context.ts";
import { checkDataset } from "./dataset-guard.ts";

/** Pixels of a side, over which samples are shown smaller. */
const largestSide = 96;

/** Bytes of a header that is looked for. */
const longestHeader = 2 ** 16 + 12;

/** How a sample's elements lie: elements from one channel, row and column to the next. */
type Grid = {
  channels: number;
  height: number;
  width: number;
  steps: { channel: number; row: number; column: number };
};

/**
 * Some samples of a split, stratified by class, as pictures: 8-bit red, green and blue, larger ones
 * averaged down to a side of 96 pixels at most. `seed` chooses which; the same gives the same.
 * Throws DATASET_NOT_FOUND, DATASET_INVALID for a split that is not there, DATASET_DROPPED and
 * DATASET_CHANGED.
 */
export async function previewDataset(
  context: CoreContext,
  request: { hash: string; split: string; count: number; seed: number },
): Promise<DatasetPreview> {
  const dataset = context.catalog.datasets.list().find(({ hash }) => hash === request.hash);
  if (!dataset)
    throw new GauntletError("DATASET_NOT_FOUND", "There is no dataset with this content.");
  if (dataset.droppedAt !== null)
    throw new GauntletError("DATASET_DROPPED", `${dataset.name} was dropped to make room.`);
  await checkDataset(context, dataset);
  const { split, seed } = request;
  const labels = context.datasetReader.labelsOf(dataset, split);
  const indexes = chooseSampleSet(labels, Math.min(request.count, labels.length), seed);
  const { classes, input } = dataset.manifest;
  const samples = indexes.map((index) => {
    const label = labels[index] ?? 0;
    return { sample: sampleId(split, index), label, name: classes[label] ?? String(label) };
  });
  const grid = gridOf(input);
  if (!grid) return { total: labels.length, width: 0, height: 0, samples, base64: null };
  const factor = Math.ceil(Math.max(grid.width, grid.height) / largestSide);
  const width = Math.floor(grid.width / factor);
  const height = Math.floor(grid.height / factor);
  if (width === 0 || height === 0)
    return { total: labels.length, width: 0, height: 0, samples, base64: null };
  const pixels = new Uint8Array(indexes.length * height * width * 3);
  await forEachRow(dataset, split, indexes, (values, position) => {
    const at = pixels.subarray(position * height * width * 3, (position + 1) * height * width * 3);
    draw(values, grid, factor, at, [height, width]);
  });
  return { total: labels.length, width, height, samples, base64: toBase64(pixels) };
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/** Null for what is no picture: features, or another number of channels than 1, 3 or 4. */
function gridOf({ shape, layout }: Dataset["input"]): Grid | null {
  const [a = 0, b = 0, c = 0] = shape;
  if (shape.length !== 3 || layout === "NF") return null;
  const grid =
    layout === "NCHW"
      ? { channels: a, height: b, width: c, steps: { channel: b * c, row: c, column: 1 } }
      : { channels: c, height: a, width: b, steps: { channel: 1, row: b * c, column: c } };
  return [1, 3, 4].includes(grid.channels) ? grid : null;
}

/** Averages blocks of factor x factor pixels. `values` are from 0 to 255; grey fills all three. */
function draw(
  values: ArrayLike<number>,
  { channels, steps }: Grid,
  factor: number,
  to: Uint8Array,
  [height, width]: readonly [number, number],
): void {
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++)
      for (let colour = 0; colour < 3; colour++) {
        const start = channels === 1 ? 0 : colour * steps.channel;
        let sum = 0;
        for (let y = row * factor; y < (row + 1) * factor; y++)
          for (let x = column * factor; x < (column + 1) * factor; x++)
            sum += values[start + y * steps.row + x * steps.column] ?? 0;
        to[(row * width + column) * 3 + colour] = Math.round(sum / factor ** 2);
      }
}

/** Reads rows of a split's images one by one, each turned to values from 0 to 255. */
async function forEachRow(
  dataset: CatalogDataset,
  split: string,
  indexes: readonly number[],
  visit: (values: ArrayLike<number>, position: number) => void,
): Promise<void> {
  const name = dataset.manifest.splits[split]?.images ?? "";
  const file = await open(join(dataset.folder, name));
  try {
    const start = Buffer.alloc(longestHeader);
    const { bytesRead } = await file.read(start, 0, start.length, 0);
    const header = parseNpyHeader(start.subarray(0, bytesRead));
    const [low, high] = dataset.manifest.input.bounds;
    const toByte = (value: number) =>
      Math.min(255, Math.max(0, ((value - low) / (high - low)) * 255));
    for (const [position, index] of indexes.entries()) {
      const row = await readRow(file, header, index);
      visit(row instanceof Float32Array ? row.map(toByte) : row, position);
    }
  } finally {
    await file.close();
  }
}

async function readRow(
  file: FileHandle,
  { dtype, shape, count, dataOffset }: NpyHeader,
  index: number,
): Promise<Uint8Array | Float32Array> {
  const elements = count / (shape[0] ?? 1);
  const bytes = new Uint8Array(elements * bytesPerElement(dtype));
  await file.read(bytes, 0, bytes.length, dataOffset + index * bytes.length);
  return dtype === "<f4" ? new Float32Array(bytes.buffer) : bytes;
}
