import { cp, lstat, mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { GauntletError } from "../../shared/errors.ts";
import { didYouMean } from "../../shared/suggest.ts";
import { excerpt } from "../../shared/visible.ts";
import type { CatalogDataset } from "../catalog/datasets.ts";
import type { DatasetRecord } from "../domain/ports.ts";
import { describeDataset } from "../engine/collect.ts";
import { typedPath } from "../platform/typed-path.ts";
import type { CoreContext } from "./context.ts";
import { checkDataset, isAsRegistered, protectDataset } from "./dataset-guard.ts";
import { findKitDataset, packKitDataset } from "./kits.ts";
import type { PackOptions } from "./packing/pack.ts";
import { runPacker } from "./packing/run-packer.ts";
import type { ReadOptions } from "./packing/source.ts";

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
const temporaryEnd = ".tmp";

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
    const path = typedPath(request.folder);
    if (await isPacked(path))
      return await copyPacked(context, { ...request, folder: path }, temporary);
    const { size, testShare } = request;
    const name = request.name ?? nameFrom(path);
    const packing = { folder: request.folder, done: 0, total: 0 };
    context.packing.add(packing);
    try {
      const how = await runPacker(
        { path, folder: temporary, name, size, testShare },
        (done, total) => Object.assign(packing, { done, total }),
        signal,
      );
      return { dataset: await register(context, temporary), ...how };
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

async function isPacked(folder: string): Promise<boolean> {
  return (await lstat(join(folder, "dataset.json")).catch(() => null)) !== null;
}

/** A dataset is copied as it is: options would make it another one. */
async function copyPacked(
  context: CoreContext,
  { folder, name, size, testShare }: AddRequest,
  temporary: string,
): Promise<Added> {
  if (name !== null || size !== null || testShare !== null)
    throw new GauntletError("DATASET_INVALID", `${excerpt(folder, 300)} is packed already.`, {
      hint: "Leave out --name, --size and --test-share; its dataset.json says these.",
    });
  const described = await describe(folder);
  await cp(folder, temporary, { recursive: true });
  const dataset = await register(context, temporary, described);
  return { dataset, format: "packed dataset", notes: [] };
}

/** Moves a packed folder to its place and notes it, unless the same is there. */
async function register(
  context: CoreContext,
  temporary: string,
  described?: DatasetRecord,
): Promise<CatalogDataset> {
  const { catalog, folders } = context;
  const record = described ?? (await describe(temporary));
  const target = join(folders.datasets, record.hash);
  const known = catalog.datasets.list().find(({ hash }) => hash === record.hash);
  // One that was changed since is put right.
  if (!known || !(await isAsRegistered(context, known))) {
    await protectDataset(temporary);
    await rm(target, { recursive: true, force: true });
    await rename(temporary, target);
  }
  const id = catalog.transaction(() => catalog.datasets.add({ ...record, folder: target }));
  await checkDataset(context, catalog.datasets.get(id));
  return catalog.datasets.get(id);
}

async function describe(folder: string): Promise<DatasetRecord> {
  return describeDataset(folder).catch((cause: unknown) => {
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
