import { setImmediate as nextTurn } from "node:timers/promises";
import type { CatalogRun } from "../catalog/runs.ts";
import type { CoreContext } from "./context.ts";
import type { Deletion } from "./deletion.ts";

/** Steps of some milliseconds each, between which others get their turn. */
type Steps = Generator<void, void>;

/** References that a deletion would end, by what they are to. */
type Counted = Map<string, number>;

/**
 * What deleting runs would free, found by reading alone: a file goes when all references to it
 * would, so they are counted against those that there are. Changes nothing.
 */
export async function planDeletion(
  context: CoreContext,
  runs: readonly CatalogRun[],
): Promise<Deletion> {
  const deletion: Deletion = { runs: [], models: 0, evaluations: 0, files: 0, bytes: 0 };
  for (const _step of steps(context, runs, deletion)) await nextTurn();
  return deletion;
}

function* steps(context: CoreContext, runs: readonly CatalogRun[], deletion: Deletion): Steps {
  const { removal } = context.catalog;
  const files: Counted = new Map();
  const sizes = new Map<string, number>();
  const trees: Counted = new Map();
  const versions: Counted = new Map();
  function* countFiles(pages: Iterable<{ sha256: string; size: number }[]>): Steps {
    for (const page of pages) {
      for (const { sha256, size } of page) {
        add(files, sha256);
        sizes.set(sha256, size);
      }
      yield;
    }
  }
  for (const run of runs) {
    const jobs = countRun(context, run, deletion, trees);
    add(versions, run.experimentVersionId);
    for (const job of jobs) yield* countFiles(removal.attemptFiles(job));
    yield;
  }
  for (const [id, gone] of versions) {
    const uses = removal.versionUses(id);
    if (uses && uses.runs === gone && uses.sweeps === 0) add(trees, uses.codeTree);
    yield;
  }
  for (const [hash, gone] of trees) {
    if (removal.treeUses(hash) === gone) yield* countFiles(removal.treeFiles(hash));
    yield;
  }
  let asked = 0;
  for (const [sha256, gone] of files) {
    if (context.catalog.artifacts.refs(sha256) === gone) {
      deletion.files++;
      deletion.bytes += sizes.get(sha256) ?? 0;
    }
    if (++asked % 1000 === 0) yield;
  }
}

/** Counts what hangs on a run, with the trees of its model, and returns its jobs. */
function countRun(
  { catalog }: CoreContext,
  run: CatalogRun,
  deletion: Deletion,
  trees: Counted,
): string[] {
  deletion.runs.push({ id: run.id, name: run.name });
  const jobs = catalog.runs.jobs(run.id);
  const model = catalog.models.ofRun(run.id);
  if (model) {
    deletion.models++;
    add(trees, model.tree);
    add(trees, model.codeTree);
    const evaluations = catalog.evaluations.ofModel(model.id);
    deletion.evaluations += evaluations.length;
    jobs.push(...evaluations.flatMap(({ id }) => catalog.runs.jobs(id)));
  }
  return jobs.map(({ id }) => id);
}

function add(counted: Counted, key: string): void {
  counted.set(key, (counted.get(key) ?? 0) + 1);
}
