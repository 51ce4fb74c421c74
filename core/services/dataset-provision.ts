/** Packs datasets that made room again for the jobs that need them. */
import { GauntletError } from "../../shared/errors.ts";
import type { CatalogDataset } from "../catalog/datasets.ts";
import type { Job } from "../domain/job-spec.ts";
import { isErrno } from "../platform/errno.ts";
import { unlessAborted } from "../platform/unless-aborted.ts";
import type { CoreContext } from "./context.ts";
import { sourceStamp } from "./dataset-source.ts";
import { restoreDataset } from "./datasets.ts";

/** What is under way, for a core's lifetime. */
export type Provision = {
  /** By hash: what is packed again just now. */
  restoring: Map<string, Restoring>;
  /** By hash: what packing again failed of. */
  failed: Map<string, Failed>;
};

/** A failure that the same source gives again; packing it takes long, and jobs ask all the time. */
type Failed = {
  /** Where the source is, and what it looked like before it was read. */
  looks: string;
  /** By performance.now(): until then it is not tried again. */
  until: number;
  error: unknown;
};

type Restoring = {
  done: Promise<void>;
  /** How many jobs wait for it. */
  waiting: number;
  /** Aborted when none does any more. */
  abandoned: AbortController;
};

/** A provision with nothing under way. */
export function newProvision(): Provision {
  return { restoring: new Map(), failed: new Map() };
}

/** Resolves when nothing is packed again any more. */
export async function provisionEnded({ provision }: Pick<CoreContext, "provision">): Promise<void> {
  await Promise.allSettled([...provision.restoring.values()].map(({ done }) => done));
}

/** A job's dataset is noted as used at most this often, ms. */
const noteInterval = 60_000;

/**
 * Packs a job's dataset again where it has made room; true where that was done, or another's work on
 * it was waited for. The engine asks before a job begins. Throws DATASET_SOURCE_GONE,
 * DATASET_SOURCE_CHANGED and what packing throws, the same again without packing while the source stays
 * as it is; and the signal's reason once that is aborted: then it is packed for nobody, unless another
 * job waits.
 */
export async function provideDataset(
  context: CoreContext,
  job: Job,
  signal: AbortSignal,
): Promise<boolean> {
  const { catalog, clock } = context;
  const { dataset: input } = job.spec.inputs;
  const dataset = input && catalog.datasets.withHash(input.hash);
  if (!dataset) return false;
  if (dataset.droppedAt !== null) {
    await throwKnownFailure(context, dataset);
    const condition = `packing ${dataset.name} again, which made room`;
    catalog.jobs.engineStore.setCondition(job, condition);
    try {
      await restore(context, dataset, signal);
    } finally {
      // The job may wait for something else now, and a core that ends packs nothing any more.
      if (catalog.jobs.get(job.id)?.condition === condition)
        catalog.jobs.engineStore.setCondition(job, null);
    }
    return true;
  }
  const now = clock.now();
  if (dataset.usedAt === null || Math.abs(now - dataset.usedAt) > noteInterval)
    catalog.datasets.setUsed(dataset.id);
  return false;
}

/** Once for all jobs that need it. */
async function restore(
  context: CoreContext,
  dataset: CatalogDataset,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const known = context.provision.restoring.get(dataset.hash);
  const work = known && !known.abandoned.signal.aborted ? known : begin(context, dataset, known);
  work.waiting++;
  try {
    await unlessAborted(work.done, signal);
  } finally {
    work.waiting--;
    if (work.waiting === 0) work.abandoned.abort(new Error("nobody waits for it"));
  }
}

/** @param before work on the same that nobody waits for any more, and that is about to end */
function begin(
  context: CoreContext,
  dataset: CatalogDataset,
  before: Restoring | undefined,
): Restoring {
  const { restoring, failed } = context.provision;
  const abandoned = new AbortController();
  const signal = AbortSignal.any([context.closing, abandoned.signal]);
  const pack = async () => {
    await before?.done.catch(() => undefined);
    signal.throwIfAborted();
    const looks = await looksOf(dataset);
    try {
      await restoreDataset(context, dataset, signal);
      failed.delete(dataset.hash);
    } catch (error) {
      const pause = signal.aborted ? 0 : pauseAfter(error);
      if (looks !== null && pause > 0)
        failed.set(dataset.hash, { looks, until: performance.now() + pause, error });
      throw error;
    }
  };
  const done = pack().finally(() => {
    if (restoring.get(dataset.hash) === work) restoring.delete(dataset.hash);
  });
  const work: Restoring = { done, waiting: 0, abandoned };
  restoring.set(dataset.hash, work);
  return work;
}

/** Throws what packing the same source failed of before. */
async function throwKnownFailure(
  { provision }: CoreContext,
  dataset: CatalogDataset,
): Promise<void> {
  const known = provision.failed.get(dataset.hash);
  if (known && known.until > performance.now() && known.looks === (await looksOf(dataset)))
    throw known.error;
}

/** What a dataset's source is and looks like; null where there is none, which is told soon enough. */
async function looksOf({ source }: CatalogDataset): Promise<string | null> {
  if (source === null) return null;
  if (source.kind === "kit") return source.kit;
  const stamp = await sourceStamp(source.path).catch(() => null);
  return stamp && JSON.stringify([source.path, stamp]);
}

/** Time after which the same source is tried again, ms: what was in the way may be gone then. */
const secondTry = 600_000;

/** How long a failure stands while its source stays as it is, ms. */
function pauseAfter(error: unknown): number {
  if (!(error instanceof GauntletError)) return isErrno(error) ? 0 : secondTry;
  if (error.code === "DISK_FULL") return 0;
  return error.code === "DATASET_SOURCE_CHANGED" ? Infinity : secondTry;
}
