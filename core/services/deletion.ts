import { setImmediate as nextTurn } from "node:timers/promises";
import { GauntletError } from "../../shared/errors.ts";
import type { Rubbish } from "../catalog/removal.ts";
import type { CatalogRun } from "../catalog/runs.ts";
import { isTerminal } from "../domain/job.ts";
import type { CoreContext } from "./context.ts";
import { planDeletion } from "./deletion-plan.ts";
import { eachLimited } from "../platform/each-limited.ts";
import { findRun, jobsOfRun } from "./runs.ts";
import { findSweep } from "./sweeps.ts";

export type Deletion = {
  runs: { id: string; name: string }[];
  models: number;
  evaluations: number;
  /** Stored files that nothing else refers to, and their bytes. */
  files: number;
  bytes: number;
};

/** Files removed at a time: enough to keep a disk busy while it syncs. */
const filesAtOnce = 8;

/** Runs that are looked at, or cut off, before others get their turn. */
const runsAtOnce = 10;

/**
 * Deletes runs with their models, evaluations and files for good, or with `dryRun` says what that
 * would free, to the byte. Versions of experiments go with their last run, unless a sweep has them;
 * sweeps keep their cells, and what models are compared by (datasets, attacks, threat models) stays.
 * Throws RUN_NOT_FOUND, NAME_AMBIGUOUS and RUN_ACTIVE; then nothing is deleted, except that a run
 * which becomes active in the middle of it ends a deletion of many.
 */
export async function deleteRuns(
  context: CoreContext,
  names: readonly string[],
  dryRun: boolean,
): Promise<Deletion> {
  const runs = new Map<string, CatalogRun>();
  for (const [index, name] of names.entries()) {
    const run = findRun(context, name);
    refuseActive(context, run);
    runs.set(run.id, run);
    if (index % runsAtOnce === 0) await nextTurn();
  }
  if (dryRun) return planDeletion(context, [...runs.values()]);
  const total: Deletion = { runs: [], models: 0, evaluations: 0, files: 0, bytes: 0 };
  const left = [...runs.values()];
  while (left.length > 0) {
    const some = left.splice(0, runsAtOnce);
    const cutOff = context.catalog.transaction(() => some.map((run) => cutOffRun(context, run)));
    const rubbish: Rubbish = { jobs: [], trees: [] };
    for (const { run, models, evaluations, jobs, trees } of cutOff) {
      total.runs.push({ id: run.id, name: run.name });
      total.models += models;
      total.evaluations += evaluations;
      rubbish.jobs.push(...jobs);
      rubbish.trees.push(...trees);
    }
    for (const size of await clearAway(context, rubbish)) {
      total.files++;
      total.bytes += size;
    }
  }
  await removeUnreferenced(context);
  return total;
}

/**
 * Deletes a sweep, with `withRuns` also the runs that it made and no other sweep has. What is left
 * of its code goes when nothing else has it. Throws what deleteRuns throws, and SWEEP_NOT_FOUND.
 */
export async function deleteSweep(
  context: CoreContext,
  request: { sweep: string; withRuns: boolean; dryRun: boolean },
): Promise<Deletion> {
  const { catalog } = context;
  const { id, experimentVersionId } = findSweep(context, request.sweep);
  const runs = request.withRuns ? catalog.sweepCells.ownRuns(id) : [];
  const deletion = await deleteRuns(context, runs, request.dryRun);
  if (request.dryRun) return deletion;
  const trees = catalog.transaction(() => {
    catalog.sweeps.remove(id);
    const code = catalog.removal.removeVersion(experimentVersionId);
    return code !== null && catalog.removal.markTree(code) ? [code] : [];
  });
  const freed = await clearAway(context, { jobs: [], trees });
  deletion.files += freed.length;
  deletion.bytes += freed.reduce((sum, size) => sum + size, 0);
  return deletion;
}

/** Goes on with deletions that were cut short, as by a crash. */
export async function resumeDeletions(context: CoreContext): Promise<void> {
  await clearAway(context, context.catalog.removal.rubbish());
  await removeUnreferenced(context);
}

function refuseActive(context: CoreContext, run: CatalogRun): void {
  if (jobsOfRun(context, run.id).some(({ state }) => !isTerminal(state)))
    throw new GauntletError("RUN_ACTIVE", `The run ${run.name} still has unfinished jobs.`, {
      hint: `Stop it first: gauntlet runs stop ${run.name}.`,
    });
}

type CutOff = Rubbish & { run: CatalogRun; models: number; evaluations: number };

/**
 * Takes a run out of the catalog with all that is small. What may be large is left without an
 * owner: its jobs, with what they reported, and the trees that nothing uses any more.
 */
function cutOffRun(context: CoreContext, run: CatalogRun): CutOff {
  const { catalog } = context;
  const { removal } = catalog;
  refuseActive(context, run);
  const jobs = removal.cutOffJobs(run.id);
  const trees: string[] = [];
  let evaluations = 0;
  const model = catalog.models.ofRun(run.id);
  if (model) {
    for (const { id } of catalog.evaluations.ofModel(model.id))
      jobs.push(...removal.cutOffJobs(id));
    evaluations = catalog.evaluations.removeOfModel(model.id);
    catalog.models.remove(model.id);
    trees.push(model.tree, model.codeTree);
  }
  catalog.runs.remove(run.id);
  const code = removal.removeVersion(run.experimentVersionId);
  if (code !== null) trees.push(code);
  return {
    run,
    models: model ? 1 : 0,
    evaluations,
    jobs,
    trees: trees.filter((hash) => removal.markTree(hash)),
  };
}

/** Removes rubbish, some at a time, then the bytes of files that it was the last to refer to. */
async function clearAway(context: CoreContext, rubbish: Rubbish): Promise<number[]> {
  const { catalog } = context;
  const unreferenced = new Map<string, number>();
  while (rubbish.jobs.length > 0 || rubbish.trees.length > 0) {
    for (const [sha256, size] of catalog.transaction(() => catalog.removal.removeSome(rubbish)))
      unreferenced.set(sha256, size);
    await nextTurn();
  }
  const freed: number[] = [];
  await eachLimited([...unreferenced], filesAtOnce, async ([sha256, size]) => {
    if (await removeBytes(context, sha256)) freed.push(size);
  });
  return freed;
}

/** True when the bytes are gone; what is referred to again, or is about to be, stays. */
async function removeBytes({ catalog, artifacts }: CoreContext, sha256: string): Promise<boolean> {
  const refs = catalog.artifacts.refs(sha256);
  if (refs === undefined) return true; // Another deletion found it meanwhile.
  if (refs > 0 || !(await artifacts.remove(sha256))) return false;
  return catalog.artifacts.forget(sha256);
}

/** Bytes that an earlier deletion did not come to remove, or that were kept for work that failed. */
async function removeUnreferenced(context: CoreContext): Promise<void> {
  for (const sha256 of context.catalog.artifacts.unreferenced()) await removeBytes(context, sha256);
}
