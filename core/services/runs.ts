import { GauntletError } from "../../shared/errors.ts";
import type { ParameterValue } from "../../shared/schemas/scalars.ts";
import type { CatalogDataset } from "../catalog/datasets.ts";
import type { CatalogRun } from "../catalog/runs.ts";
import { isTerminal } from "../domain/job.ts";
import { friendlyName } from "../domain/names.ts";
import { expandSweep } from "../domain/sweep/expand.ts";
import { expandGrid } from "../domain/sweep/grid.ts";
import type { SweepPoint } from "../domain/sweep/point.ts";
import type { CoreContext } from "./context.ts";
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
import { trainSpec } from "./job-specs.ts";

/** A run by name or by the end of its id. Throws RUN_NOT_FOUND and NAME_AMBIGUOUS. */
export function findRun({ catalog }: CoreContext, text: string): CatalogRun {
  return onlyOne(catalog.runs.search(text), text, "run", "RUN_NOT_FOUND");
}

export type RunRequest = {
  folder: string;
  parameters: Record<string, ParameterValue>;
  seed: number;
  /** Whether the model goes on to the attacks of `evaluate`, where the experiment has it. */
  evaluate: boolean;
};

/** Queues one run of an experiment. Returns its id. */
export async function submitRun(context: CoreContext, request: RunRequest): Promise<string> {
  const prepared = await prepare(context, request.folder, request.evaluate);
  const { spec } = prepared.snapshot;
  const parameters = resolveParameters(spec.parameters, request.parameters);
  const seed = checkedSeed(request.seed);
  const [point] = expandGrid({ seed: [seed] }, parameters);
  if (!point) throw new Error("a grid of one value has no point");
  const id = context.catalog.transaction(() => {
    const versionId = noteVersion(context, prepared.snapshot);
    return addRun(context, prepared, { versionId, sweepId: null, point: { ...point, label: "" } });
  });
  context.engine.setWorking(true);
  return id;
}

export type SweepRequest = {
  folder: string;
  evaluate: boolean;
  /** Run cells again that have succeeded with the same version of the experiment. */
  again: boolean;
};

export type SweepResult = { sweep: string; runs: string[]; reused: string[] };

/** Queues every cell of an experiment's sweep. Throws what expandSweep and what a run throws. */
export async function submitSweep(
  context: CoreContext,
  request: SweepRequest,
): Promise<SweepResult> {
  const { catalog } = context;
  const prepared = await prepare(context, request.folder, request.evaluate);
  const { spec } = prepared.snapshot;
  if (!spec.sweep)
    throw new GauntletError("SPEC_INVALID", `The experiment ${spec.name} has no sweep.`, {
      hint: "Add sweep: { values: { PARAMETER: [...] } } to gauntlet.yaml.",
    });
  const { method, values, objective } = spec.sweep;
  const points = expandSweep(spec.sweep, spec.parameters, resolveParameters(spec.parameters, {}));
  const result = catalog.transaction(() => {
    const versionId = noteVersion(context, prepared.snapshot);
    const sweepId = catalog.runs.addSweep({
      name: spec.name,
      experimentVersionId: versionId,
      method,
      values,
      objective,
    });
    const runs: string[] = [];
    const reused: string[] = [];
    for (const point of points) {
      const done = request.again ? undefined : catalog.runs.succeededCell(versionId, point.key);
      if (done) reused.push(done);
      else runs.push(addRun(context, prepared, { versionId, sweepId, point }));
    }
    return { sweep: sweepId, runs, reused };
  });
  context.engine.setWorking(true);
  return result;
}

type Prepared = {
  snapshot: ExperimentSnapshot;
  dataset: CatalogDataset | null;
  evaluate: boolean;
};

/** Everything that can be wrong is found here, before anything is queued. */
async function prepare(context: CoreContext, folder: string, evaluate: boolean): Promise<Prepared> {
  const experiment = await loadExperiment(folder);
  const { spec } = experiment;
  if (spec.image !== undefined)
    throw new GauntletError(
      "RUNNER_UNSUPPORTED",
      "Running in a container image comes with a later version.",
    );
  const dataset = spec.dataset ? await findDataset(context, spec.dataset) : null;
  if (evaluate && spec.evaluate && dataset) {
    resolveAttacks(context, spec.evaluate.attacks);
    context.datasetReader.sampleSet(dataset, "test", spec.evaluate.samples);
  }
  return { snapshot: await snapshotExperiment(context, experiment), dataset, evaluate };
}

function addRun(
  context: CoreContext,
  { snapshot, dataset, evaluate }: Prepared,
  cell: { versionId: string; sweepId: string | null; point: SweepPoint },
): string {
  const { point } = cell;
  const runId = context.catalog.runs.add({
    name: friendlyName(context.randomInteger()),
    experimentVersionId: cell.versionId,
    sweepId: cell.sweepId,
    label: point.label,
    pointKey: point.key,
    parameters: point.parameters,
    seed: point.seed,
    datasetId: dataset?.id ?? null,
    evaluate,
  });
  context.catalog.jobs.add({
    id: context.newId(),
    runId,
    runner: "process",
    priority: 0,
    spec: trainSpec(snapshot.spec, {
      parameters: point.parameters,
      seed: point.seed,
      codeTree: snapshot.code.hash,
      dataset,
    }),
  });
  return runId;
}

/** Asks every unfinished job of a run, and of its model's evaluations, to end. */
export function stopRun(context: CoreContext, text: string): { run: CatalogRun; stopped: number } {
  const { catalog, engine } = context;
  const run = findRun(context, text);
  const stopped = catalog.transaction(
    () =>
      jobsOfRun(context, run.id).filter(
        ({ id, state }) => !isTerminal(state) && catalog.jobs.requestStop(id),
      ).length,
  );
  engine.wake();
  return { run, stopped };
}

/** Jobs of a run and of the evaluations of its model. */
export function jobsOfRun({ catalog }: CoreContext, runId: string) {
  const model = catalog.models.ofRun(runId);
  const evaluations = model ? catalog.evaluations.ofModel(model.id) : [];
  return [runId, ...evaluations.map(({ id }) => id)].flatMap((id) => catalog.runs.jobs(id));
}
