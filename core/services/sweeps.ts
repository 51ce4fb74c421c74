import { setImmediate as nextTurn } from "node:timers/promises";
import { GauntletError } from "../../shared/errors.ts";
import type { Experiment, Sweep } from "../../shared/schemas/experiment.ts";
import type { SweepDetail, SweepPreview, SweepView } from "../../shared/views.ts";
import type { CatalogCell, CatalogSweep } from "../catalog/sweeps.ts";
import { describeSweep, expandSweep } from "../domain/sweep/expand.ts";
import type { SweepPoint } from "../domain/sweep/point.ts";
import type { CoreContext } from "./context.ts";
import { queueEvaluationsOf } from "./evaluations.ts";
import { loadExperiment, noteVersion, resolveParameters } from "./experiments.ts";
import { onlyOne } from "./find.ts";
import { addRun, prepare, stopJobsOf } from "./runs.ts";

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
  /** Runs that were queued for them. */
  runs: string[];
  /** Runs that have succeeded for the same recipe and point, and stand for cells. */
  reused: string[];
  /** Runs that are under way for the same recipe and point, and stand for cells. */
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
  const { sweep, points } = await context.artifacts.keeping(() => noteSweep(context, request));
  for (const some of chunks(points)) {
    catalog.transaction(() => {
      for (const point of some) wantCell(context, sweep.id, point, request.again);
    });
    await nextTurn();
  }
  return { ...(await fillSweep(context, sweep.id)), cells: points.length };
}

/** The sweep that a request is for, made when there is none, and its points. */
async function noteSweep(
  context: CoreContext,
  request: SweepRequest,
): Promise<{ sweep: CatalogSweep; points: SweepPoint[] }> {
  const { catalog } = context;
  const { evaluate, priority } = request;
  const { snapshot, dataset } = await prepare(context, request.folder, evaluate);
  const { spec } = snapshot;
  const section = sweepOf(spec);
  const { method, values, objective } = section;
  const points = expandSweep(section, spec.parameters, resolveParameters(spec.parameters, {}));
  const sweep = catalog.transaction(() => {
    const experimentVersionId = noteVersion(context, snapshot);
    const facts = { experimentVersionId, values, objective, evaluate, priority };
    const found = request.separate
      ? undefined
      : catalog.sweeps.newestLike(experimentVersionId, method);
    if (found && found.datasetId === (dataset?.id ?? null)) {
      catalog.sweeps.update(found.id, facts);
      return found;
    }
    const name = freeName(context, spec.name);
    return catalog.sweeps.get(
      catalog.sweeps.add({ ...facts, name, method, datasetId: dataset?.id ?? null }),
    );
  });
  return { sweep, points };
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

/** Adds the cell where it is new; asks for a run where it has none that will do. */
function wantCell(context: CoreContext, sweepId: string, point: SweepPoint, again: boolean): void {
  const { sweeps } = context.catalog;
  sweeps.addCell(sweepId, point, again);
  // A new cell is wanted from the start; one that stands for a good run is looked at again for
  // its evaluations, which costs nothing when they are there.
  sweeps.want(sweepId, point.key, again);
}

/** `digits`, or `digits-2` where another sweep has the name. */
function freeName({ catalog }: CoreContext, wanted: string): string {
  for (let number = 1; ; number++) {
    const name = number === 1 ? wanted : `${wanted}-${number}`;
    if (!catalog.sweeps.hasName(name)) return name;
  }
}

/**
 * Gives every wanted cell of a sweep its run: one that has succeeded or is under way for the same
 * recipe and point, else a new one. Goes on where an earlier call was cut short.
 */
export async function fillSweep(
  context: CoreContext,
  sweepId: string,
): Promise<Omit<SweepResult, "cells">> {
  const { catalog, engine } = context;
  const sweep = catalog.sweeps.get(sweepId);
  const runs: string[] = [];
  const reused: string[] = [];
  const underWay: string[] = [];
  const evaluations: string[] = [];
  const version = catalog.experiments.version(sweep.experimentVersionId);
  const dataset = sweep.datasetId ? catalog.datasets.get(sweep.datasetId) : null;
  const { evaluate, priority } = sweep;
  for (;;) {
    const done = catalog.transaction(() => {
      const cells = catalog.sweeps.wanted(sweepId, cellsAtOnce);
      for (const cell of cells) {
        const twin = cell.again
          ? undefined
          : catalog.sweeps.twin(version.id, cell.key, sweep.datasetId);
        const run =
          twin?.id ??
          addRun(context, { version, dataset, evaluate, priority, sweepId, point: cell });
        catalog.sweeps.setRun(sweepId, cell.position, run);
        if (!twin) runs.push(run);
        else (twin.state === "succeeded" ? reused : underWay).push(run);
        if (twin && evaluate) evaluations.push(...evaluateTwin(context, twin, version.spec));
      }
      return cells.length === 0;
    });
    if (done) break;
    engine.setWorking(true);
    await nextTurn();
  }
  return { sweep: sweepId, name: sweep.name, runs, reused, underWay, evaluations };
}

/** Sends the model of a run that was not made for this sweep to the sweep's attacks as well. */
function evaluateTwin(
  context: CoreContext,
  twin: { id: string; state: string },
  spec: Experiment,
): string[] {
  if (twin.state === "succeeded") return queueEvaluationsOf(context, twin.id, spec.evaluate);
  context.catalog.runs.wantEvaluation(twin.id);
  return [];
}

/** Goes on with sweeps whose cells were not all queued when their core died. */
export async function fillSweeps(context: CoreContext): Promise<void> {
  for (const id of context.catalog.sweeps.withWantedCells()) await fillSweep(context, id);
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
  let cells = 0;
  for (const some of allCells(context, sweep.id)) {
    const chosen = some.filter(
      ({ state }) => request.all || !["succeeded", "running", "queued"].includes(state),
    );
    catalog.transaction(() => {
      for (const { key } of chosen) catalog.sweeps.want(sweep.id, key, true);
    });
    cells += chosen.length;
    await nextTurn();
  }
  return { ...(await fillSweep(context, sweep.id)), cells };
}

/** Asks every unfinished job of a sweep's runs to end, and queues no further cell. */
export async function stopSweep(
  context: CoreContext,
  text: string,
): Promise<{ sweep: string; name: string; stopped: number }> {
  const { catalog, engine } = context;
  const { id, name } = findSweep(context, text);
  catalog.transaction(() => catalog.sweeps.unwant(id));
  let stopped = 0;
  for (const some of allCells(context, id)) {
    stopped += catalog.urgentTransaction(() =>
      some.reduce((sum, { runId }) => sum + (runId ? stopJobsOf(context, runId) : 0), 0),
    );
    engine.wake();
    await nextTurn();
  }
  return { sweep: id, name, stopped };
}

/** The cells of a sweep, some at a time. */
function* allCells({ catalog }: CoreContext, sweepId: string): Generator<CatalogCell[]> {
  for (let offset = 0; ; offset += cellsAtOnce) {
    const some = catalog.sweeps.cells(sweepId, cellsAtOnce, offset);
    if (some.length === 0) return;
    yield some;
  }
}

function* chunks<T>(items: readonly T[]): Generator<T[]> {
  for (let start = 0; start < items.length; start += cellsAtOnce)
    yield items.slice(start, start + cellsAtOnce);
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
    counts: catalog.sweeps.counts(id),
  };
}

/** A sweep with a page of its cells. */
export function sweepDetail(
  context: CoreContext,
  request: { sweep: string; limit: number; offset: number },
): SweepDetail {
  const sweep = findSweep(context, request.sweep);
  const cells = context.catalog.sweeps.cells(sweep.id, request.limit, request.offset);
  return {
    ...sweepView(context, sweep),
    cells: cells.map(({ key: _key, summary, ...cell }) => ({ ...cell, summary: summary ?? {} })),
  };
}
