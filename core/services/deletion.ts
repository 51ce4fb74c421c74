import { GauntletError } from "../../shared/errors.ts";
import { isTerminal } from "../domain/job.ts";
import type { CoreContext } from "./context.ts";
import { findRun, jobsOfRun } from "./runs.ts";

export type Deletion = {
  runs: { id: string; name: string }[];
  models: number;
  evaluations: number;
  /** Stored files that nothing else refers to, and their bytes. */
  files: number;
  bytes: number;
};

/** Signals that the transaction was only a rehearsal. */
class Rehearsed extends Error {}

/**
 * Deletes runs with their models, evaluations and files for good, or with `dryRun` says what that
 * would free, to the byte: it does all of it and takes it back. Throws RUN_NOT_FOUND, RUN_ACTIVE.
 */
export async function deleteRuns(
  context: CoreContext,
  names: readonly string[],
  dryRun: boolean,
): Promise<Deletion> {
  const { catalog, artifacts } = context;
  let deletion: Deletion | undefined;
  let unused: { sha256: string; size: number }[] = [];
  try {
    catalog.transaction(() => {
      deletion = { runs: [], models: 0, evaluations: 0, files: 0, bytes: 0 };
      // Left over from a deletion that was cut short: not freed by this one.
      const before = new Set(catalog.artifacts.dropUnused().map(({ sha256 }) => sha256));
      for (const name of names) removeRun(context, name, deletion);
      unused = catalog.artifacts.dropUnused();
      const freed = unused.filter(({ sha256 }) => !before.has(sha256));
      deletion.files = freed.length;
      deletion.bytes = freed.reduce((sum, { size }) => sum + size, 0);
      if (dryRun) throw new Rehearsed();
    });
  } catch (error) {
    if (!(error instanceof Rehearsed)) throw error;
    unused = [];
  }
  for (const { sha256 } of unused) {
    // What has come to be referred to again, or is about to be, stays.
    if (!catalog.artifacts.isUnreferenced(sha256)) continue;
    if (await artifacts.remove(sha256)) catalog.artifacts.forget(sha256);
  }
  if (!deletion) throw new Error("the deletion was not worked out");
  return deletion;
}

function removeRun(context: CoreContext, name: string, deletion: Deletion): void {
  const { catalog } = context;
  const run = findRun(context, name);
  if (jobsOfRun(context, run.id).some(({ state }) => !isTerminal(state)))
    throw new GauntletError("RUN_ACTIVE", `The run ${run.name} still has unfinished jobs.`, {
      hint: `Stop it first: gauntlet runs stop ${run.name}.`,
    });
  const model = catalog.models.ofRun(run.id);
  if (model) {
    deletion.models++;
    deletion.evaluations += catalog.evaluations.removeOfModel(model.id);
    catalog.models.remove(model.id);
  }
  catalog.runs.remove(run.id);
  deletion.runs.push({ id: run.id, name: run.name });
}
