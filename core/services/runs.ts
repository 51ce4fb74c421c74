import type { Experiment } from "../../shared/schemas/experiment.ts";
import type { ParameterValue } from "../../shared/schemas/scalars.ts";
import type { CatalogDataset } from "../catalog/datasets.ts";
import type { CatalogRun } from "../catalog/runs.ts";
import { isTerminal } from "../domain/job.ts";
import { friendlyName } from "../domain/names.ts";
import { jobPriority } from "../domain/priority.ts";
import { expandGrid } from "../domain/sweep/grid.ts";
import type { SweepPoint } from "../domain/sweep/point.ts";
import type { CoreContext } from "./context.ts";
import { checkDataset } from "./dataset-guard.ts";
import { findDataset } from "./datasets.ts";
import {
  checkedSeed,
  type ExperimentSnapshot,
  loadExperiment,
  noteVersion,
  resolveParameters,
  snapshotExperiment,
} from "./experiments.ts";
import { resolveAttacks } from "./evaluations.ts";
import { onlyOne } from "./find.ts";
import { runnerFor, trainSpec } from "./job-specs.ts";
import { requireSecrets } from "./secrets.ts";

/** A run by name or by the last letters of its id, six or more. Throws RUN_NOT_FOUND and NAME_AMBIGUOUS. */
export function findRun({ catalog }: CoreContext, text: string): CatalogRun {
  return onlyOne(catalog.runs.search(text), text, "run", "RUN_NOT_FOUND");
}

export type RunRequest = {
  folder: string;
  parameters: Record<string, ParameterValue>;
  seed: number;
  /** Whether the model goes on to the attacks of `evaluate`, where the experiment has it. */
  evaluate: boolean;
  /** Runs with a larger number start first. */
  priority: number;
};

/** Queues one run of an experiment. Returns its id. */
export async function submitRun(context: CoreContext, request: RunRequest): Promise<string> {
  const { evaluate, priority } = request;
  const id = await context.artifacts.keeping(async () => {
    const { snapshot, dataset } = await prepare(context, request.folder, evaluate);
    const { spec } = snapshot;
    const point = singlePoint(spec, request.parameters, request.seed);
    return context.catalog.transaction(() => {
      const version = { id: noteVersion(context, snapshot), spec, codeTree: snapshot.code.hash };
      return addRun(context, { version, dataset, evaluate, priority, sweepId: null, point });
    });
  });
  context.engine.setWorking(true);
  return id;
}

export type RerunRequest = {
  run: string;
  /** Values that differ from those of the run. */
  parameters: Record<string, ParameterValue>;
  /** Null: the run's own. */
  seed: number | null;
  priority: number;
};

/** Queues a run once more, with the code as it was then. Returns the new run's id. */
export async function rerun(context: CoreContext, request: RerunRequest): Promise<string> {
  const { catalog } = context;
  const run = findRun(context, request.run);
  const version = catalog.experiments.version(run.experimentVersionId);
  await requireSecrets(context, version.spec);
  const seed = request.seed ?? run.seed;
  const point = singlePoint(version.spec, { ...run.parameters, ...request.parameters }, seed);
  const dataset = run.datasetId ? catalog.datasets.get(run.datasetId) : null;
  if (dataset) await checkDataset(context, dataset);
  const { evaluate } = run;
  const { priority } = request;
  // Of the same point the new run takes the place of the old in sweeps.
  const isSame = point.key === run.pointKey;
  const place = isSame
    ? { sweepId: run.sweepId, point: { ...point, label: run.label } }
    : { sweepId: null, point };
  const id = catalog.transaction(() => {
    const made = addRun(context, { version, dataset, evaluate, priority, ...place });
    if (isSame) catalog.sweepCells.replaceRun(run.id, made);
    return made;
  });
  context.engine.setWorking(true);
  return id;
}

function singlePoint(
  spec: Experiment,
  given: Record<string, ParameterValue>,
  seed: number,
): SweepPoint {
  const parameters = resolveParameters(spec.parameters, given);
  const [point] = expandGrid({ seed: [checkedSeed(seed)] }, parameters);
  if (!point) throw new Error("a grid of one value has no point");
  return { ...point, label: "" };
}

export type Prepared = { snapshot: ExperimentSnapshot; dataset: CatalogDataset | null };

/**
 * Everything that can be wrong is found here, before anything is queued. Call it, and note the
 * snapshot, inside `artifacts.keeping`.
 */
export async function prepare(
  context: CoreContext,
  folder: string,
  evaluate: boolean,
): Promise<Prepared> {
  const experiment = await loadExperiment(folder);
  const { spec } = experiment;
  await requireSecrets(context, spec);
  const dataset = spec.dataset ? await findDataset(context, spec.dataset) : null;
  if (evaluate && spec.evaluate && dataset) {
    resolveAttacks(context, spec.evaluate.attacks);
    context.datasetReader.sampleSet(dataset, "test", spec.evaluate.samples);
  }
  return { snapshot: await snapshotExperiment(context, experiment), dataset };
}

/** Queues a run of a noted version. Call it inside a transaction. Returns its id. */
export function addRun(
  context: CoreContext,
  run: {
    version: { id: string; spec: Experiment; codeTree: string };
    dataset: CatalogDataset | null;
    evaluate: boolean;
    priority: number;
    sweepId: string | null;
    point: SweepPoint;
  },
): string {
  const { version, dataset, evaluate, priority, sweepId, point } = run;
  const { parameters, seed } = point;
  const runId = context.catalog.runs.add({
    name: freeName(context),
    experimentVersionId: version.id,
    sweepId,
    label: point.label,
    pointKey: point.key,
    parameters,
    seed,
    datasetId: dataset?.id ?? null,
    evaluate,
    priority,
  });
  const job = trainSpec(version.spec, { parameters, seed, codeTree: version.codeTree, dataset });
  context.catalog.jobs.add({
    id: context.newId(),
    runId,
    runner: runnerFor(job),
    priority: jobPriority("train", priority),
    spec: job,
  });
  return runId;
}

/** Random names that are tried before one gets a number. */
const nameTries = 8;

/** A friendly name that no run has; there are some thousand, and then they are numbered. */
function freeName({ catalog, randomInteger }: CoreContext): string {
  let name = friendlyName(randomInteger());
  for (let tries = 1; tries < nameTries && catalog.runs.hasName(name); tries++)
    name = friendlyName(randomInteger());
  if (!catalog.runs.hasName(name)) return name;
  for (let number = 2; ; number++)
    if (!catalog.runs.hasName(`${name}-${number}`)) return `${name}-${number}`;
}

/** Asks every unfinished job of a run, and of its model's evaluations, to end. */
export function stopRun(context: CoreContext, text: string): { run: CatalogRun; stopped: number } {
  const run = findRun(context, text);
  const stopped = context.catalog.urgentTransaction(() => stopJobsOf(context, run.id));
  context.engine.wake();
  return { run, stopped };
}

/** As stopRun, inside a transaction. Returns how many jobs were asked. */
export function stopJobsOf(context: CoreContext, runId: string): number {
  return jobsOfRun(context, runId).filter(
    ({ id, state }) => !isTerminal(state) && context.catalog.jobs.requestStop(id),
  ).length;
}

/** Jobs of a run and of the evaluations of its model. */
export function jobsOfRun({ catalog }: CoreContext, runId: string) {
  const model = catalog.models.ofRun(runId);
  const evaluations = model ? catalog.evaluations.ofModel(model.id) : [];
  return [runId, ...evaluations.map(({ id }) => id)].flatMap((id) => catalog.runs.jobs(id));
}
