import { stat } from "node:fs/promises";
import { join } from "node:path";
import { GauntletError } from "../../../shared/errors.ts";
import { excerpt } from "../../../shared/visible.ts";
import { arraysOfFolder, arraysOfNpz, readArrays } from "./arrays.ts";
import { findCifar, readCifar } from "./cifar.ts";
import { findIdx, readIdx } from "./idx.ts";
import { readImageFolder } from "./image-folder.ts";
import { findLabels, readLabelledImages } from "./labelled-images.ts";
import { imagesBelow, type Listing, listFolder } from "./listing.ts";
import type { ReadOptions, Source } from "./source.ts";
import { findTinyImageNet, readTinyImageNet } from "./tiny-imagenet.ts";

/**
 * Recognises what stands at a path and reads its outline; samples are read when they are asked for.
 * @throws GauntletError DATASET_UNRECOGNISED, and what the reader of the layout throws
 */
export async function readSource(path: string, options: ReadOptions): Promise<Source> {
  const found = await stat(path).catch(() => null);
  if (!found) throw unrecognised(path, "There is nothing at");
  if (!found.isDirectory()) return readFile(path);
  const listing = await listFolder(path);
  const source = await readFolder(listing, options);
  if (source) return source;
  // Archives often unpack to a folder in a folder.
  const [only, ...others] = listing.folders;
  if (only !== undefined && others.length === 0 && listing.files.length === 0) {
    const inner = await readFolder(await listFolder(join(path, only)), options);
    if (inner) return inner;
  }
  throw unrecognised(path, "No layout of datasets is known for the folder");
}

/** The one file that is a dataset by itself is an archive of arrays. */
async function readFile(path: string): Promise<Source> {
  if (path.endsWith(".npz")) return readArrays(await arraysOfNpz(path));
  throw new GauntletError(
    "DATASET_UNRECOGNISED",
    `No layout of datasets is known for the file ${excerpt(path, 300)}.`,
    { hint: "Unpack an archive first; of other files give the folder. Only .npz stands alone." },
  );
}

async function readFolder(listing: Listing, options: ReadOptions): Promise<Source | null> {
  const labels = findLabels(listing);
  if (labels) return readLabelledImages(labels, options);
  const cifar = findCifar(listing);
  if (cifar) return readCifar(cifar);
  const idx = findIdx(listing);
  if (idx) return readIdx(idx);
  const arrays = await arraysOfFolder(listing);
  if (arrays.length > 0) return readArrays(arrays);
  const [npz, ...others] = listing.files.filter((name) => name.endsWith(".npz"));
  if (npz !== undefined && others.length === 0)
    return readArrays(await arraysOfNpz(join(listing.folder, npz)));
  const tiny = await findTinyImageNet(listing);
  if (tiny) return readTinyImageNet(tiny, options);
  if (await hasClasses(listing)) return readImageFolder(listing, options);
  return null;
}

/** Whether images lie in two folders at least, or in those of a split. */
async function hasClasses({ folder, folders }: Listing): Promise<boolean> {
  let withImages = 0;
  for (const name of folders) {
    if ((await imagesBelow(join(folder, name))).images.length > 0) withImages++;
    if (withImages > 1 || (withImages > 0 && /^(train|val|test)/i.test(name))) return true;
  }
  return false;
}

function unrecognised(path: string, what: string): GauntletError {
  return new GauntletError("DATASET_UNRECOGNISED", `${what} ${excerpt(path, 300)}.`);
}
