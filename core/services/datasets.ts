import { cp, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { GauntletError } from "../../shared/errors.ts";
import { didYouMean } from "../../shared/suggest.ts";
import type { CatalogDataset } from "../catalog/datasets.ts";
import { describeDataset } from "../engine/collect.ts";
import type { CoreContext } from "./context.ts";
import { checkDataset, isAsRegistered, protectDataset } from "./dataset-guard.ts";
import { findKitDataset, packKitDataset } from "./kits.ts";

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
  const names = context.catalog.datasets.list().map((dataset) => dataset.name);
  throw new GauntletError("DATASET_NOT_FOUND", `There is no dataset named ${name}.`, {
    hint: didYouMean(name, [...names, "digits"]) ?? undefined,
  });
}

/**
 * Copies a packed dataset (a folder with `dataset.json` and `.npy` files) into the data folder and
 * notes it under its content hash. Throws DATASET_INVALID, and DATASET_CHANGED when the folder
 * changes while it is copied.
 */
export async function addDataset(context: CoreContext, folder: string): Promise<CatalogDataset> {
  const { catalog, folders } = context;
  const described = await describeDataset(folder).catch((cause: unknown) => {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new GauntletError("DATASET_INVALID", `${folder} is no packed dataset.`, {
      details: detail,
      cause,
    });
  });
  const target = join(folders.datasets, described.hash);
  const temporary = `${target}.${process.pid}.tmp`;
  await mkdir(folders.datasets, { recursive: true });
  const known = catalog.datasets.list().find(({ hash }) => hash === described.hash);
  // One that was changed since is put right.
  if (!known || !(await isAsRegistered(context, known))) {
    await rm(temporary, { recursive: true, force: true });
    await cp(folder, temporary, { recursive: true });
    await protectDataset(temporary);
    await rm(target, { recursive: true, force: true });
    await rename(temporary, target);
  }
  const id = catalog.transaction(() => catalog.datasets.add({ ...described, folder: target }));
  await checkDataset(context, catalog.datasets.get(id));
  return catalog.datasets.get(id);
}
