/**
 * Whether a dataset's files are still what was registered. Hashing them takes long, so that sizes
 * and times of change are noted when they were found right, and only files that differ in these are
 * hashed again, as after a restored backup.
 */
import { lstatSync, type Stats } from "node:fs";
import { chmod, lstat } from "node:fs/promises";
import { join } from "node:path";
import { GauntletError, withHint } from "../../shared/errors.ts";
import type { CatalogDataset } from "../catalog/datasets.ts";
import { describeDataset } from "../engine/collect.ts";
import { sourceText } from "../domain/dataset-source.ts";
import { walkFiles } from "../platform/source-files.ts";
import type { CoreContext } from "./context.ts";
import { isSourceThere } from "./dataset-source.ts";

type Context = Pick<CoreContext, "catalog">;

/** By file: its size in bytes and when its content last changed, in milliseconds since 1970. */
type Stamp = Record<string, [size: number, modified: number]>;

/** Makes the files read-only for jobs, which get the folder itself as `in/dataset`. */
export async function protectDataset(folder: string): Promise<void> {
  // The folders stay as they are: a user must be able to remove the data folder by hand.
  for (const name of await walkFiles(folder)) {
    const file = join(folder, name);
    // Not what a link leads to, which may be anybody's.
    if ((await lstat(file)).isFile()) await chmod(file, 0o444);
  }
}

/**
 * Throws DATASET_CHANGED when the files are not what was registered, and DATASET_SOURCE_GONE for a
 * dataset that made room and cannot be packed again.
 */
export async function checkDataset(context: Context, dataset: CatalogDataset): Promise<void> {
  if (await isAsRegistered(context, dataset)) return;
  const now = context.catalog.datasets.get(dataset.id);
  if (now.droppedAt !== null) throw sourceGone(now);
  throw new GauntletError(
    "DATASET_CHANGED",
    `The files of ${dataset.name} in ${dataset.folder} are not what was registered.`,
  );
}

/** What checkDataset throws, as sentences; null where the dataset can be used. */
export async function whyUnusable(
  context: Context,
  dataset: CatalogDataset,
): Promise<string | null> {
  try {
    await checkDataset(context, dataset);
    return null;
  } catch (error) {
    if (error instanceof GauntletError) return withHint(error);
    throw error;
  }
}

/** Says where the source was, and what to do. */
export function sourceGone({ name, source }: CatalogDataset): GauntletError {
  const place = source === null ? "its source" : sourceText(source);
  return new GauntletError(
    "DATASET_SOURCE_GONE",
    `${name} was dropped to make room, and what it was packed from is gone: ${place}.`,
    { hint: `Put it back to ${place}, or add the dataset from where it is now.` },
  );
}

/**
 * Whether all files are what was registered; they are hashed where their looks do not tell. Of one
 * that made room: whether there is something to pack it from again.
 */
export async function isAsRegistered(context: Context, dataset: CatalogDataset): Promise<boolean> {
  if (dataset.droppedAt === null && (await hasItsFiles(context, dataset))) return true;
  // It may have made room while its files were looked at.
  const { droppedAt, source } = context.catalog.datasets.get(dataset.id);
  return droppedAt !== null && isSourceThere(source);
}

/** Whether all files are there and what was registered, whatever is noted of them. */
export async function hasItsFiles({ catalog }: Context, dataset: CatalogDataset): Promise<boolean> {
  try {
    // Taken before the hashes: what changes meanwhile is seen the next time.
    const stamp = await stampOf(dataset.folder);
    if (stamp === dataset.stamp) return true;
    if ((await describeDataset(dataset.folder)).hash !== dataset.hash) return false;
    catalog.datasets.setStamp(dataset.id, stamp);
    return true;
  } catch {
    return false; // A file that is gone or cannot be read is not what was registered, either.
  }
}

/** Looks once at datasets that never were, as in a catalog of an older version. */
export async function lookAtDatasets(context: Context): Promise<void> {
  for (const dataset of context.catalog.datasets.list())
    if (dataset.stamp === null) await isAsRegistered(context, dataset);
}

/**
 * Whether what a verification read of a dataset looks as it did when it was last found right. Asks
 * only for sizes and times, for it runs in the transaction that keeps the outcomes.
 */
export function looksAsRegistered({ stamp, folder, manifest }: CatalogDataset): boolean {
  if (stamp === null) return false;
  const files = JSON.parse(stamp) as Stamp;
  const splits = Object.values(manifest.splits);
  return ["dataset.json", ...splits.flatMap(({ images, labels }) => [images, labels])].every(
    (name) => {
      const stat = lstatSync(join(folder, name), { throwIfNoEntry: false });
      return stat !== undefined && String(looksOf(stat)) === String(files[name]);
    },
  );
}

async function stampOf(folder: string): Promise<string> {
  const stamp: Stamp = {};
  for (const name of await walkFiles(folder))
    stamp[name] = looksOf(await lstat(join(folder, name)));
  return JSON.stringify(stamp);
}

function looksOf({ size, mtimeMs }: Stats): [number, number] {
  return [size, mtimeMs];
}
