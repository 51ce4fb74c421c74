import { lstatSync, renameSync } from "node:fs";
import { lstat, mkdir, readdir, realpath, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { GauntletError } from "../../shared/errors.ts";
import { didYouMean } from "../../shared/suggest.ts";
import { excerpt } from "../../shared/visible.ts";
import type { CatalogDataset } from "../catalog/datasets.ts";
import { type DatasetSource, sourceText } from "../domain/dataset-source.ts";
import type { DatasetRecord } from "../domain/ports.ts";
import { describeDataset } from "../engine/collect.ts";
import { copyFolder } from "../platform/copy-folder.ts";
import { typedPath } from "../platform/typed-path.ts";
import type { CoreContext } from "./context.ts";
import { checkDataset, hasItsFiles, protectDataset, sourceGone } from "./dataset-guard.ts";
import { isInDataFolder, isSourceThere, sourceStamp } from "./dataset-source.ts";
import { findKitDataset, packKitDataset } from "./kits.ts";
import type { PackOptions } from "./packing/pack.ts";
import { runPacker } from "./packing/run-packer.ts";
import type { ReadOptions } from "./packing/source.ts";
import { version } from "./version.ts";

/**
 * The newest dataset of a name; one that a kit brings is packed when it is first asked for.
 * Throws DATASET_NOT_FOUND and DATASET_CHANGED.
 */
export async function findDataset(context: CoreContext, name: string): Promise<CatalogDataset> {
  const known = context.catalog.datasets.newest(name);
  if (known) {
    await checkDataset(context, known);
    return known;
  }
  const kit = await findKitDataset(context, name);
  if (kit) return packKitDataset(context, kit);
  throw noDataset(context, name);
}

/**
 * As findDataset, but packs nothing: null for a dataset that a kit is still to pack. Throws
 * DATASET_NOT_FOUND and DATASET_CHANGED.
 */
export async function lookForDataset(
  context: CoreContext,
  name: string,
): Promise<CatalogDataset | null> {
  if (context.catalog.datasets.newest(name)) return findDataset(context, name);
  if (await findKitDataset(context, name)) return null;
  throw noDataset(context, name);
}

function noDataset(context: CoreContext, name: string): GauntletError {
  const names = context.catalog.datasets.list().map((dataset) => dataset.name);
  return new GauntletError("DATASET_NOT_FOUND", `There is no dataset named ${name}.`, {
    hint: didYouMean(name, [...names, "digits"]) ?? undefined,
  });
}

export type AddRequest = Omit<PackOptions, "name"> &
  ReadOptions & {
    /** A folder, or a file where that is a dataset by itself. */
    folder: string;
    name: string | null;
  };

/** A dataset that was added: as what it was recognised, and what was decided, as sentences. */
export type Added = { dataset: CatalogDataset; format: string; notes: string[] };

/** How temporary folders beside the datasets end; what a killed core left is removed by it. */
export const temporaryEnd = ".tmp";

/**
 * Takes in what researchers have as a dataset, noted under its content hash: a packed one (a folder
 * with `dataset.json` and `.npy` files) is copied, the other layouts of docs/guide/datasets.md are
 * packed into the data folder. Throws DATASET_INVALID, DATASET_UNRECOGNISED, DATASET_SIZES_DIFFER,
 * DATASET_SOURCE_DAMAGED, DATASET_PACKING_FAILED, DISK_FULL, and DATASET_CHANGED when a packed folder
 * changes while it is copied.
 */
export async function addDataset(
  context: CoreContext,
  request: AddRequest,
  signal?: AbortSignal,
): Promise<Added> {
  const { datasets } = context.folders;
  await mkdir(datasets, { recursive: true });
  const temporary = join(datasets, `${context.newId()}${temporaryEnd}`);
  try {
    const typed = typedPath(request.folder);
    const path = await folderBehind(typed);
    if (await isPacked(path))
      return await copyPacked(context, { ...request, folder: path }, temporary, signal);
    const { size, testShare } = request;
    const name = request.name ?? nameFrom(typed);
    const found = await sourceOf(context, "files", path, name);
    const source = found && { ...found, size, testShare };
    const packing = { folder: request.folder, done: 0, total: 0 };
    context.packing.add(packing);
    try {
      const how = await runPacker(
        { path, folder: temporary, name, size, testShare },
        (done, total) => Object.assign(packing, { done, total }),
        signal,
      );
      return { dataset: await register(context, temporary, source), ...how };
    } finally {
      context.packing.delete(packing);
    }
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Removes what a core that was killed in the middle of adding left. */
export async function sweepDatasets({ folders }: Pick<CoreContext, "folders">): Promise<void> {
  const names = await readdir(folders.datasets).catch(() => []);
  for (const name of names)
    if (name.endsWith(temporaryEnd))
      await rm(join(folders.datasets, name), { recursive: true, force: true });
}

/**
 * The folder that a path leads to, without links: what is copied, and is the source, is the folder
 * itself. A file keeps the name that it was given by, which says what is in it.
 */
async function folderBehind(path: string): Promise<string> {
  // What is not there is told in better words by whoever reads it.
  const real = await realpath(path).catch(() => path);
  return (await lstat(real).catch(() => null))?.isDirectory() ? real : path;
}

async function isPacked(folder: string): Promise<boolean> {
  return (await lstat(join(folder, "dataset.json")).catch(() => null)) !== null;
}

/** A dataset is copied as it is: options would make it another one. */
async function copyPacked(
  context: CoreContext,
  { folder, name, size, testShare }: AddRequest,
  temporary: string,
  signal?: AbortSignal,
): Promise<Added> {
  if (name !== null || size !== null || testShare !== null)
    throw new GauntletError("DATASET_INVALID", `${excerpt(folder, 300)} is packed already.`, {
      hint: "Leave out --name, --size and --test-share; its dataset.json says these.",
    });
  const source = await sourceOf(context, "copy", folder, "");
  const described = await describe(folder, signal);
  await copyFolder(folder, temporary, signal);
  const dataset = await register(context, temporary, source, described);
  return { dataset, format: "packed dataset", notes: [] };
}

/**
 * Moves a packed folder to its place and notes it, unless the same is there. Without a source the one
 * that is known stays.
 */
async function register(
  context: CoreContext,
  temporary: string,
  source: DatasetSource | null,
  described?: DatasetRecord,
): Promise<CatalogDataset> {
  const { catalog, folders } = context;
  const record = described ?? (await describe(temporary));
  const target = join(folders.datasets, record.hash);
  const known = catalog.datasets.list().find(({ hash }) => hash === record.hash);
  // One that was changed since is put right, and so is a link in its place, whose files are a person's.
  // The catalog of a copied data folder names a folder in another.
  const here = known && { ...known, folder: target };
  if (!here || isLink(target) || !(await hasItsFiles(context, here))) {
    await protectDataset(temporary);
    await takePlace(temporary, target);
  }
  const id = catalog.transaction(() => {
    const added = catalog.datasets.add({ ...record, folder: target });
    if (source) catalog.datasets.setSource(added, source);
    catalog.datasets.setUsed(added); // Whoever adds it again wants it.
    const kind = known && known.droppedAt !== null ? "dataset.restored" : "dataset.added";
    catalog.events.append(kind, added, { name: record.name });
    return added;
  });
  await checkDataset(context, catalog.datasets.get(id));
  return catalog.datasets.get(id);
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

/** Puts a folder in the place of another in one turn of the loop: labels are read at any time. */
async function takePlace(folder: string, target: string): Promise<void> {
  const old = `${folder}-old${temporaryEnd}`;
  if (lstatSync(target, { throwIfNoEntry: false })) renameSync(target, old);
  renameSync(folder, target);
  await rm(old, { recursive: true, force: true });
}

/**
 * A source as it is now; taken before it is read, so that what changes meanwhile is noticed. Null for
 * what lies in the data folder itself, such as a packed dataset, whose images may make room.
 */
async function sourceOf(
  { folders }: CoreContext,
  kind: "files" | "copy",
  path: string,
  name: string,
): Promise<Exclude<DatasetSource, { kind: "kit" }> | null> {
  if (await isInDataFolder(folders, path)) return null;
  // What is not there is told in better words by whoever reads it.
  const stamp = await sourceStamp(path).catch(() => "");
  return { kind, path, name, stamp, version, size: null, testShare: null };
}

/**
 * Packs a dataset that made room from its source again. Throws DATASET_SOURCE_GONE,
 * DATASET_SOURCE_CHANGED where something else comes of it, what packing throws, and the signal's
 * reason once that is aborted.
 */
export async function restoreDataset(
  context: CoreContext,
  dataset: CatalogDataset,
  signal: AbortSignal,
): Promise<void> {
  const { catalog, folders } = context;
  const { source } = dataset;
  // A core that was killed while it dropped them left the images there.
  if (await hasItsFiles(context, dataset)) {
    catalog.transaction(() => {
      catalog.datasets.setDropped(dataset.id, false);
      catalog.events.append("dataset.restored", dataset.id, { name: dataset.name });
    });
    return;
  }
  if (source === null || !(await isSourceThere(source))) throw sourceGone(dataset);
  if (source.kind === "kit") {
    const kit = await findKitDataset(context, dataset.name);
    if (!kit) throw sourceGone(dataset);
    await packKitDataset(context, kit);
    if (catalog.datasets.get(dataset.id).droppedAt !== null) throw sourceChanged(dataset);
    return;
  }
  const temporary = join(folders.datasets, `${context.newId()}${temporaryEnd}`);
  try {
    if (source.kind === "copy") await copyFolder(source.path, temporary, signal);
    else await runPacker({ ...source, folder: temporary }, () => undefined, signal);
    const described = await describe(temporary, signal);
    if (described.hash !== dataset.hash) throw sourceChanged(dataset);
    await register(context, temporary, source, described);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

function sourceChanged({ name, source }: CatalogDataset): GauntletError {
  const place = source === null ? "its source" : sourceText(source);
  return new GauntletError(
    "DATASET_SOURCE_CHANGED",
    `${name} was dropped to make room, and ${place} gives another dataset now.`,
  );
}

async function describe(folder: string, signal?: AbortSignal): Promise<DatasetRecord> {
  return describeDataset(folder, signal).catch((cause: unknown) => {
    signal?.throwIfAborted();
    const details = cause instanceof Error ? cause.message : String(cause);
    throw new GauntletError("DATASET_INVALID", `${excerpt(folder, 300)} is no packed dataset.`, {
      details,
      cause,
    });
  });
}

/** A dataset's name after its folder or file: `tiny-imagenet-200` for `Tiny ImageNet (200).npz`. */
function nameFrom(path: string): string {
  const name = basename(path)
    .replace(/\.np[yz]$/i, "")
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .replace(/-+$/, "")
    .toLowerCase()
    .slice(0, 100);
  if (name !== "") return name;
  throw new GauntletError("DATASET_INVALID", `${excerpt(path, 300)} gives the dataset no name.`, {
    hint: "Give one with --name.",
  });
}
