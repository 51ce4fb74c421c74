import { setImmediate as nextTurn } from "node:timers/promises";
import { GauntletError } from "../../shared/errors.ts";
import type { Experiment, Sweep } from "../../shared/schemas/experiment.ts";
import type { SweepDetail, SweepPreview, SweepView } from "../../shared/views.ts";
import type { CatalogCell } from "../catalog/sweep-cells.ts";
import type { CatalogSweep } from "../catalog/sweeps.ts";
import { describeSweep, expandSweep } from "../domain/sweep/expand.ts";
import type { SweepPoint } from "../domain/sweep/point.ts";
import type { CoreContext } from "./context.ts";
import { checkDataset, whyUnusable } from "./dataset-guard.ts";
import { queueEvaluationsOf } from "./evaluations.ts";
import { loadExperiment, noteVersion, resolveParameters } from "./experiments.ts";
import { onlyOne } from "./find.ts";
import { addRun, prepare, stopJobsOf } from "./runs.ts";
import { requireSecrets } from "./secrets.ts";

/** Cells that one transaction handles, so that the loop is never held for long. */
const cellsAtOnce = 50;

export type SweepRequest = {
  folder: string;
  evaluate: boolean;
  /** Run every cell anew, whatever has succeeded or is under way. */
  again: boolean;
  /** Start a sweep of its own even where one over the same recipe could take up the cells. */
  separate: boolean;
  priority: number;
};

export type SweepResult = {
  sweep: string;
  name: string;
  /** Cells of the sweep's values. */
  cells: number;
  /** Runs that this request queued for them. */
  runs: string[];
  /** Runs that have succeeded for the same recipe and point, and stand for the others. */
  reused: string[];
  /** Runs that are under way for the same recipe and point, and stand for the others. */
  underWay: string[];
  /** Evaluations that were missing of reused runs' models. */
  evaluations: string[];
};

/** A sweep by name or by the last letters of its id, six or more. Throws SWEEP_NOT_FOUND and NAME_AMBIGUOUS. */
export function findSweep({ catalog }: CoreContext, text: string): CatalogSweep {
  return onlyOne(catalog.sweeps.search(text), text, "sweep", "SWEEP_NOT_FOUND");
}

/**
 * Queues the cells of an experiment's sweep that have neither succeeded nor are under way. A sweep
 * over the same recipe is gone on with: new values add cells to it. Throws what a run throws.
 */
export async function submitSweep(
  context: CoreContext,
  request: SweepRequest,
): Promise<SweepResult> {
  const { catalog } = context;
  const { sweep, stops, points } = await context.artifacts.keeping(() =>
    noteSweep(context, request),
  );
  for (let start = 0; start < points.length; start += cellsAtOnce) {
    catalog.transaction(() => {
      for (const point of points.slice(start, start + cellsAtOnce))
        catalog.sweepCells.add(sweep.id, point);
    });
    await nextTurn();
  }
  const keys = points.map(({ key }) => key);
  return fillKeys(context, { sweep, stops, keys, again: request.again });
}

/** The sweep that a request is for, made when there is none, and its points. */
async function noteSweep(
  context: CoreContext,
  request: SweepRequest,
): Promise<{ sweep: CatalogSweep; stops: number; points: SweepPoint[] }> {
  const { catalog } = context;
  const { evaluate, priority } = request;
  const { snapshot, dataset } = await prepare(context, request.folder, evaluate);
  const { spec } = snapshot;
  const section = sweepOf(spec);
  const { method, values, objective } = section;
  const points = expandSweep(section, spec.parameters, resolveParameters(spec.parameters, {}));
  const datasetId = dataset?.id ?? null;
  return catalog.transaction(() => {
    const experimentVersionId = noteVersion(context, snapshot);
    const facts = { experimentVersionId, values, objective, evaluate };
    const like = request.separate
      ? undefined
      : catalog.sweeps.newestLike(experimentVersionId, method);
    const found = like?.datasetId === datasetId ? like : undefined;
    if (found) {
      catalog.sweeps.update(found.id, facts);
      if (found.priority !== priority) catalog.sweeps.setPriority(found.id, priority);
    }
    const name = freeName(context, spec.name);
    const id = found?.id ?? catalog.sweeps.add({ ...facts, name, method, datasetId, priority });
    return { sweep: catalog.sweeps.get(id), stops: catalog.sweeps.stops(id), points };
  });
}

/** What submitting the sweep of a folder would run; nothing is noted or queued. */
export async function previewSweep(folder: string): Promise<SweepPreview> {
  const { spec } = await loadExperiment(folder);
  return describeSweep(sweepOf(spec), spec.parameters, resolveParameters(spec.parameters, {}));
}

function sweepOf({ name, sweep }: Experiment): Sweep {
  if (sweep) return sweep;
  throw new GauntletError("SPEC_INVALID", `The experiment ${name} has no sweep.`, {
    hint: "Add sweep: { values: { PARAMETER: [...] } } to gauntlet.yaml.",
  });
}

/** `digits`, or `digits-2` where another sweep has the name. */
function freeName({ catalog }: CoreContext, wanted: string): string {
  for (let number = 1; ; number++) {
    const name = number === 1 ? wanted : `${wanted}-${number}`;
    if (!catalog.sweeps.hasName(name)) return name;
  }
}

/**
 * Gives cells their runs, unless the sweep was stopped since the request began. What
 * stands for a good run is looked at again for its evaluations, which costs nothing when they are
 * there.
 */
async function fillKeys(
  context: CoreContext,
  request: { sweep: CatalogSweep; stops: number; keys: string[]; again: boolean },
): Promise<SweepResult> {
  const { catalog } = context;
  const { sweep, stops, keys, again } = request;
  catalog.transaction(() => {
    if (catalog.sweeps.stops(sweep.id) === stops) catalog.sweepCells.want(sweep.id, keys, again);
  });
  const filled = await fillSweep(context, sweep.id);
  const queued = new Set(filled.runs);
  const others = catalog.sweepCells.runsOf(sweep.id, keys).filter(({ id }) => !queued.has(id));
  return {
    sweep: sweep.id,
    name: sweep.name,
    cells: keys.length,
    runs: filled.runs,
    reused: others.flatMap(({ id, state }) => (state === "succeeded" ? [id] : [])),
    underWay: others.flatMap(({ id, state }) =>
      state === "queued" || state === "running" ? [id] : [],
    ),
    evaluations: filled.evaluations,
  };
}

type Filled = { runs: string[]; evaluations: string[] };

/** Fills under way, by sweep: two at once would each tell of a part. */
const filling = new Map<string, Promise<Filled>>();

/**
 * Gives every wanted cell of a sweep its run: one that has succeeded or is under way for the same
 * recipe and point, else a new one. Goes on where an earlier call was cut short. Returns what it
 * queued.
 */
async function fillSweep(context: CoreContext, sweepId: string): Promise<Filled> {
  const before = filling.get(sweepId);
  const fill = Promise.resolve(before).then(
    () => fillWanted(context, sweepId),
    () => fillWanted(context, sweepId), // What failed before is tried anew, and told to whom it failed.
  );
  filling.set(sweepId, fill);
  try {
    return await fill;
  } finally {
    if (filling.get(sweepId) === fill) filling.delete(sweepId);
  }
}

async function fillWanted(context: CoreContext, sweepId: string): Promise<Filled> {
  const { catalog, engine } = context;
  const filled: Filled = { runs: [], evaluations: [] };
  for (;;) {
    const isDone = catalog.transaction(() => {
      const cells = catalog.sweepCells.wanted(sweepId, cellsAtOnce);
      if (cells.length === 0) return true;
      // Read anew each time: another submission may have made it another version's sweep.
      const sweep = catalog.sweeps.get(sweepId);
      const version = catalog.experiments.version(sweep.experimentVersionId);
      const dataset = sweep.datasetId ? catalog.datasets.get(sweep.datasetId) : null;
      const { evaluate, priority, datasetId } = sweep;
      for (const cell of cells) {
        const twin = cell.again
          ? undefined
          : catalog.sweepCells.twin(version.id, cell.key, datasetId);
        const run =
          twin?.id ??
          addRun(context, { version, dataset, evaluate, priority, sweepId, point: cell });
        catalog.sweepCells.setRun(sweepId, cell.position, run);
        if (!twin) filled.runs.push(run);
        // A run under way asks the sweeps whose cells it stands for when it has succeeded.
        else if (evaluate && twin.state === "succeeded")
          filled.evaluations.push(...queueEvaluationsOf(context, run, version.spec.evaluate));
      }
      return false;
    });
    if (isDone) return filled;
    engine.setWorking(true);
    await nextTurn();
  }
}

/** A sweep with cells to queue whose dataset cannot be used, and why, with what to do. */
export type WaitingSweep = { sweep: string; dataset: string; why: string };

/**
 * Goes on with sweeps whose cells were not all queued when their core died. One whose dataset has
 * changed since, or made room and whose source is gone, waits until that is put right; returns those,
 * by name.
 */
export async function fillSweeps(context: CoreContext): Promise<WaitingSweep[]> {
  const { catalog } = context;
  const waiting: WaitingSweep[] = [];
  for (const id of catalog.sweepCells.sweepsWithWanted()) {
    const { datasetId, name } = catalog.sweeps.get(id);
    const dataset = datasetId ? catalog.datasets.get(datasetId) : null;
    const why = dataset && (await whyUnusable(context, dataset));
    if (dataset && why !== null) waiting.push({ sweep: name, dataset: dataset.name, why });
    else await fillSweep(context, id);
  }
  return waiting;
}

/**
 * Runs cells of a sweep again: those that failed, were cancelled or have no run, or with `all`
 * every one. The code is that of the sweep. Earlier runs stay as they are.
 */
export async function rerunSweep(
  context: CoreContext,
  request: { sweep: string; all: boolean },
): Promise<SweepResult> {
  const { catalog } = context;
  const sweep = findSweep(context, request.sweep);
  const stops = catalog.sweeps.stops(sweep.id);
  await requireSecrets(context, catalog.experiments.version(sweep.experimentVersionId).spec);
  if (sweep.datasetId) await checkDataset(context, catalog.datasets.get(sweep.datasetId));
  const keys: string[] = [];
  for (const some of allCells(context, sweep.id)) {
    for (const { key, state, stopping } of some)
      if (request.all || stopping || !["succeeded", "running", "queued"].includes(state))
        keys.push(key);
    await nextTurn();
  }
  return fillKeys(context, { sweep, stops, keys, again: true });
}

/** Gives a sweep, and what is queued for it, another priority. */
export function setSweepPriority(
  context: CoreContext,
  request: { sweep: string; priority: number },
): SweepView {
  const { catalog } = context;
  const { id } = findSweep(context, request.sweep);
  catalog.transaction(() => catalog.sweeps.setPriority(id, request.priority));
  return sweepView(context, catalog.sweeps.get(id));
}

/**
 * Asks every unfinished job of the runs that a sweep made to end, and queues no further cell. Runs
 * that stand for cells of another sweep as well, or were made by one, go on; `shared` counts them.
 */
export async function stopSweep(
  context: CoreContext,
  text: string,
): Promise<{ sweep: string; name: string; stopped: number; shared: number }> {
  const { catalog, engine } = context;
  const { id, name } = findSweep(context, text);
  const runs = catalog.urgentTransaction(() => {
    catalog.sweeps.noteStop(id);
    catalog.sweepCells.unwant(id);
    return catalog.sweepCells.ownRuns(id);
  });
  let stopped = 0;
  for (let start = 0; start < runs.length; start += cellsAtOnce) {
    stopped += catalog.urgentTransaction(() =>
      runs
        .slice(start, start + cellsAtOnce)
        .reduce((sum, run) => sum + stopJobsOf(context, run), 0),
    );
    engine.wake();
    await nextTurn();
  }
  return { sweep: id, name, stopped, shared: catalog.sweepCells.sharedRuns(id) };
}

/** The cells of a sweep, some at a time. */
function* allCells({ catalog }: CoreContext, sweepId: string): Generator<CatalogCell[]> {
  for (let offset = 0; ; offset += cellsAtOnce) {
    const some = catalog.sweepCells.page(sweepId, cellsAtOnce, offset);
    if (some.length === 0) return;
    yield some;
  }
}

export function sweepView({ catalog }: CoreContext, sweep: CatalogSweep): SweepView {
  const { id, name, experiment, version, method, objective, priority, createdAt } = sweep;
  return {
    id,
    name,
    experiment,
    version,
    method,
    objective,
    priority,
    createdAt,
    counts: catalog.sweepCells.counts(id),
  };
}

/** A sweep with a page of its cells, the objective's value in each, and the best cell so far. */
export function sweepDetail(
  context: CoreContext,
  request: { sweep: string; limit: number; offset: number },
): SweepDetail {
  const { sweepCells } = context.catalog;
  const sweep = findSweep(context, request.sweep);
  const { objective } = sweep;
  const values = objective ? sweepCells.objectiveValues(sweep.id, objective.metric) : [];
  const valueAt = new Map(values.map(({ position, value }) => [position, value]));
  const sign = objective?.goal === "minimize" ? -1 : 1;
  // What a run reported before it failed or was stopped is no result.
  const best = values
    .filter(({ state }) => state !== "failed" && state !== "cancelled")
    .reduce<(typeof values)[number] | null>(
      (top, one) => (top && sign * top.value >= sign * one.value ? top : one),
      null,
    );
  return {
    ...sweepView(context, sweep),
    best: best && { position: best.position, value: best.value },
    cells: sweepCells
      .page(sweep.id, request.limit, request.offset)
      .map(({ key: _key, stopping: _stopping, summary, ...cell }) => ({
        ...cell,
        summary: summary ?? {},
        value: valueAt.get(cell.position) ?? null,
      })),
  };
}
