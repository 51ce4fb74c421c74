import { join } from "node:path";
import { excerpt } from "../../../shared/visible.ts";
import { openStream, type Piece, pieceOf, rowsOf } from "./byte-stream.ts";
import { numberedClasses } from "./labels.ts";
import type { Listing } from "./listing.ts";
import { damaged, unusable } from "./problems.ts";
import { largestSample, mostSamples, type Part, type Source } from "./source.ts";

/** `train-images-idx3-ubyte.gz`, `t10k-labels.idx1-ubyte`, `emnist-letters-test-images-idx3-ubyte`. */
const idxName = /^(.*?)(train|t10k|test)-(images|labels)[-.]idx[13]-ubyte(\.gz)?$/;

type Files = Partial<Record<"images" | "labels", string>>;

/** The IDX files of a folder by split; null when there are none. */
export function findIdx({ folder, files }: Listing): Map<"train" | "test", Files> | null {
  const found = new Map<"train" | "test", Files>();
  const names = new Set<string>();
  for (const file of files) {
    const match = idxName.exec(file);
    if (!match) continue;
    const [, name = "", part, kind] = match;
    names.add(name);
    const split = part === "train" ? "train" : "test";
    const those = found.get(split) ?? {};
    // Beside its compressed form the plain file comes first in the order of names.
    those[kind === "images" ? "images" : "labels"] ??= join(folder, file);
    found.set(split, those);
  }
  if (names.size > 1)
    throw unusable(
      `It holds the IDX files of several datasets: ${excerpt([...names].join(", "), 200)}.`,
      "Put each into a folder of its own.",
    );
  return found.size > 0 ? found : null;
}

/**
 * Reads the IDX files of MNIST and its kin, compressed by gzip or not: images of unsigned bytes
 * (magic 0x00000803: count, rows, columns) and labels (0x00000801: count), all big-endian
 * (LeCun, Cortes, Burges: THE MNIST DATABASE, "FILE FORMATS").
 * @throws GauntletError DATASET_SOURCE_DAMAGED, DATASET_INVALID
 */
export async function readIdx(found: ReadonlyMap<"train" | "test", Files>): Promise<Source> {
  let shape: [number, number] | undefined;
  const parts: (Part & { file: string })[] = [];
  for (const [split, { images, labels }] of found) {
    if (!images || !labels)
      throw unusable(
        `It has ${images ? "images" : "labels"} without ${images ? "labels" : "images"} for ${split}.`,
        "IDX files come in pairs, such as train-images-idx3-ubyte and train-labels-idx1-ubyte.",
      );
    const { sizes, piece, head } = await headOf(images, 3);
    const [count = 0, rows = 0, columns = 0] = sizes;
    shape ??= [rows, columns];
    if (shape[0] !== rows || shape[1] !== columns)
      throw damaged(images, `has images of ${rows}x${columns}, others are ${shape.join("x")}`);
    const values = await readLabels(labels);
    if (values.length !== count)
      throw damaged(labels, `has ${values.length} labels for ${count} images`);
    parts.push({
      split,
      labels: values,
      file: labels,
      rows: () => rowsOf(piece, head, count, rows * columns),
    });
  }
  if (!shape) throw new Error("no IDX file was read");
  return {
    format: "IDX",
    classes: numberedClasses(parts),
    input: { shape: [1, ...shape], layout: "NCHW", bounds: [0, 1] },
    dtype: "|u1",
    parts,
    notes: [],
  };
}

/** Reads the sizes that an IDX file of unsigned bytes with that many axes begins with. */
async function headOf(
  file: string,
  axes: 1 | 3,
): Promise<{ sizes: number[]; piece: Piece; head: number }> {
  const piece = await pieceOf(file);
  const stream = openStream(piece);
  try {
    const head = 4 + 4 * axes;
    if ((await stream.take(4)).readUInt32BE() !== 0x0800 + axes)
      throw damaged(file, `is no IDX file of unsigned bytes with ${axes} axes`);
    const bytes = await stream.take(4 * axes);
    const sizes = Array.from({ length: axes }, (_, axis) => bytes.readUInt32BE(4 * axis));
    const [count = 0, ...sample] = sizes;
    const rowBytes = sample.reduce((product, size) => product * size, 1);
    if (sizes.some((size) => size === 0) || count > mostSamples || rowBytes > largestSample)
      throw damaged(file, `claims to hold ${sizes.join(" x ")} bytes`);
    if (piece.compression === "none" && piece.length !== head + count * rowBytes)
      throw damaged(
        file,
        `has ${piece.length} bytes, not the ${head + count * rowBytes} it claims`,
      );
    return { sizes, piece, head };
  } finally {
    stream.close();
  }
}

async function readLabels(file: string): Promise<number[]> {
  const { sizes, piece, head } = await headOf(file, 1);
  const stream = openStream(piece);
  try {
    await stream.take(head);
    return [...(await stream.take(sizes[0] ?? 0))];
  } finally {
    stream.close();
  }
}
