/**
 * Packed datasets take no more room than a person wants: the longest unused ones lose their images,
 * where these can be packed again from what they were made of, which dataset-provision.ts does when a
 * job needs them. Labels and dataset.json stay, so that samples can be chosen all along.
 */
import { mkdirSync, realpathSync, renameSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { DatasetCacheView } from "../../shared/views.ts";
import type { CatalogDataset } from "../catalog/datasets.ts";
import { isErrno } from "../platform/errno.ts";
import type { CoreContext } from "./context.ts";
import { canBeMadeAgain } from "./dataset-source.ts";
import { temporaryEnd } from "./datasets.ts";

/** What is under way, for a core's lifetime. */
export type DatasetCacheState = {
  makingRoom: Promise<void> | null;
  /** Whether something has changed since that began. */
  isStale: boolean;
  /**
   * Ids of datasets whose source was found to be another, with the time by performance.now() until
   * which it is not looked at again: that can be a hundred thousand files, and jobs end all the time.
   */
  refused: Map<string, number>;
};

/** A cache with nothing under way. */
export function newDatasetCache(): DatasetCacheState {
  return {
    makingRoom: null,
    isStale: false,
    refused: new Map(),
  };
}

/** Time in which a source that was found to be another is not looked at again, ms. */
const refusal = 600_000;

/** As makeRoom, for what a person has done: looks at every source. */
export function makeRoomAnew(context: CoreContext): Promise<void> {
  context.datasetCache.refused.clear();
  return makeRoom(context);
}

/**
 * Drops the longest unused packed datasets until the rest is within the limit. What is the only copy,
 * and what a queued or running job needs, stays whatever the limit is. Asked again while it works, it
 * looks once more.
 */
export function makeRoom(context: CoreContext): Promise<void> {
  const { datasetCache: state } = context;
  state.isStale = true;
  state.makingRoom ??= untilFresh(context).finally(() => (state.makingRoom = null));
  return state.makingRoom;
}

async function untilFresh(context: CoreContext): Promise<void> {
  const { datasetCache: state } = context;
  while (state.isStale && !context.closing.aborted) {
    state.isStale = false;
    await makeRoomOnce(context);
  }
}

async function makeRoomOnce(context: CoreContext): Promise<void> {
  const { catalog } = context;
  const limit = catalog.settings.get("datasets.limit");
  if (limit === null) return;
  const packed = catalog.datasets.list().filter(({ droppedAt }) => droppedAt === null);
  let left = packed.reduce((sum, { size }) => sum + size, 0);
  if (left <= limit) return;
  const { refused } = context.datasetCache;
  const inUse = catalog.datasets.inUse();
  for (const dataset of packed.toSorted((a, b) => lastUse(a) - lastUse(b))) {
    if (left <= limit || context.closing.aborted) return;
    const { id } = dataset;
    if (inUse.has(id) || (refused.get(id) ?? 0) > performance.now()) continue;
    if (!isOurs(context, dataset) || !(await canBeMadeAgain(context.folders, dataset)))
      refused.set(id, performance.now() + refusal);
    else if (await drop(context, dataset)) left -= dataset.size;
  }
}

function lastUse({ usedAt, createdAt }: CatalogDataset): number {
  return usedAt ?? createdAt;
}

/**
 * Whether a dataset's folder is the one of this data folder. A link in its place leads to a person's own
 * files, and in a copy of a data folder the catalog still names the folders of the other one.
 */
function isOurs({ folders }: CoreContext, { folder, hash }: CatalogDataset): boolean {
  try {
    return realpathSync(folder) === join(realpathSync(folders.datasets), hash);
  } catch {
    return false; // What is not there has nothing to be removed.
  }
}

/**
 * Removes the images, unless a job needs them by now: that is asked, noted and done in one turn of the
 * loop, in which no job can be queued. What is noted is on the disk before anything is removed. After a crash in the middle the images are there and noted
 * as dropped, and packing again finds them.
 */
async function drop(context: CoreContext, dataset: CatalogDataset) {
  const { catalog, folders, newId } = context;
  if (!isOurs(context, dataset)) return false;
  const isDropped = catalog.transaction(() => {
    const now = catalog.datasets.get(dataset.id);
    if (now.droppedAt !== null || catalog.datasets.inUse().has(dataset.id)) return false;
    catalog.datasets.setDropped(dataset.id, true);
    catalog.events.append("dataset.dropped", dataset.id, { name: dataset.name });
    return true;
  });
  if (!isDropped) return false;
  const rubbish = join(folders.datasets, `${newId()}${temporaryEnd}`);
  mkdirSync(rubbish);
  // A file of some split's labels is kept even where another split has it as images.
  const splits = Object.values(dataset.manifest.splits);
  const images = new Set(splits.map((split) => split.images));
  for (const { labels } of splits) images.delete(labels);
  for (const [index, name] of [...images].entries())
    try {
      renameSync(join(dataset.folder, name), join(rubbish, String(index)));
    } catch (error) {
      if (!isErrno(error, "ENOENT")) throw error; // Somebody was faster.
    }
  await rm(rubbish, { recursive: true, force: true });
  return true;
}

/** Bytes that the packed datasets take, and the limit. */
export function cacheUse({ catalog }: Pick<CoreContext, "catalog">): DatasetCacheView {
  const packed = catalog.datasets.list().filter(({ droppedAt }) => droppedAt === null);
  return {
    limit: catalog.settings.get("datasets.limit"),
    bytes: packed.reduce((sum, { size }) => sum + size, 0),
  };
}

/** Sets the limit in bytes, or none, and makes room at once. */
export async function limitDatasets(context: CoreContext, limit: number | null) {
  const { catalog } = context;
  catalog.transaction(() => catalog.settings.set("datasets.limit", limit));
  await makeRoomAnew(context);
  return cacheUse(context);
}
