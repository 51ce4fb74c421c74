/** Catalog rows as the views of the contract. */
import { attackLabel } from "../../shared/schemas/attack.ts";
import type {
  AttackSetView,
  AttackView,
  AttemptView,
  DatasetView,
  EvaluationView,
  ModelDetail,
  ModelView,
  RunDetail,
  RunView,
} from "../../shared/views.ts";
import type { AttackSet, CatalogAttack } from "../catalog/attacks.ts";
import type { CatalogDataset } from "../catalog/datasets.ts";
import type { CatalogEvaluation } from "../catalog/evaluations.ts";
import type { CatalogModel } from "../catalog/models.ts";
import type { CatalogAttempt, CatalogRun } from "../catalog/runs.ts";
import { failureReasons } from "../domain/job.ts";
import type { CoreContext } from "./context.ts";

type Context = Pick<CoreContext, "catalog">;

export function runView(run: CatalogRun): RunView {
  const { id, name, experiment, version, label, parameters, seed, state, reason } = run;
  return {
    id,
    name,
    experiment,
    version,
    sweep: run.sweepId,
    label,
    parameters,
    seed,
    state,
    reason,
    summary: run.summary ?? {},
    createdAt: run.createdAt,
    startedAt: run.startedAt,
    endedAt: run.endedAt,
    starred: run.starred,
    notes: run.notes,
    tags: run.tags,
  };
}

function datasetLabel({ catalog }: Context, id: string | null): string | null {
  if (id === null) return null;
  const { name, version } = catalog.datasets.get(id);
  return `${name} ${version}`;
}

export function runDetail({ catalog }: Context, run: CatalogRun): RunDetail {
  const version = catalog.experiments.version(run.experimentVersionId);
  const model = catalog.models.ofRun(run.id);
  return {
    ...runView(run),
    folder: version.folder,
    dataset: datasetLabel({ catalog }, run.datasetId),
    git: { commit: version.gitCommit, branch: version.gitBranch, diff: version.gitDiff },
    model: model?.id ?? null,
    metrics: catalog.metrics.summariesOfRun(run.id),
    attempts: catalog.runs.attempts(run.id).map((attempt) => attemptView({ catalog }, attempt)),
    evaluations: model ? evaluationsOf({ catalog }, model.id) : [],
  };
}

function attemptView({ catalog }: Context, attempt: CatalogAttempt): AttemptView {
  const { exit, reason } = attempt;
  return {
    job: attempt.jobId,
    stage: attempt.stage,
    attempt: attempt.number,
    state: attempt.state,
    reason,
    raw: attempt.raw,
    hint: reason ? failureReasons[reason].hint : null,
    command: attempt.command,
    exit: exit && {
      code: exit.code,
      signal: exit.signal,
      peakMemory: exit.peakMemory,
      cpuSeconds: exit.cpuSeconds,
      logDropped: exit.logDropped,
    },
    badLines: attempt.badLines,
    environment: attempt.environment,
    gpus: attempt.gpus,
    startedAt: attempt.startedAt,
    endedAt: attempt.endedAt,
    files: catalog.runs.files(attempt.id),
  };
}

function evaluationsOf({ catalog }: Context, modelId: string): EvaluationView[] {
  const rows = catalog.evaluations.ofModel(modelId);
  const threatModels = new Set(rows.map(({ threatModelId }) => threatModelId));
  const factsUnder = new Map(
    [...threatModels].map((id) => [id, catalog.outcomes.factsOfModel(modelId, id)]),
  );
  return rows.map((row) => ({
    ...evaluationView({ catalog }, row),
    facts: factsUnder.get(row.threatModelId)?.get(row.attackId) ?? null,
  }));
}

function evaluationView(
  { catalog }: Context,
  evaluation: CatalogEvaluation,
): Omit<EvaluationView, "facts"> {
  return {
    id: evaluation.id,
    attack: attackLabel(catalog.attacks.get(evaluation.attackId).definition),
    state: evaluation.state,
    reason: evaluation.reason,
    summary: evaluation.summary,
    rejections: evaluation.state === "verified" ? catalog.outcomes.rejections(evaluation.id) : [],
    endedAt: evaluation.endedAt,
  };
}

export function modelView({ catalog }: Context, model: CatalogModel): ModelView {
  const evaluations = catalog.evaluations.ofModel(model.id);
  return {
    id: model.id,
    name: model.name,
    run: model.runId,
    label: model.runId ? catalog.runs.get(model.runId).label : "",
    dataset: model.datasetId ? catalog.datasets.get(model.datasetId).name : null,
    size: model.size,
    createdAt: model.createdAt,
    verified: evaluations.filter(({ state }) => state === "verified").length,
    evaluations: evaluations.length,
  };
}

export function modelDetail({ catalog }: Context, model: CatalogModel): ModelDetail {
  return {
    ...modelView({ catalog }, model),
    interface: model.interface,
    hash: model.tree,
    files: catalog.artifacts
      .tree(model.tree)
      .files.map(({ path, sha256, size }) => ({ path, sha256, size })),
    results: evaluationsOf({ catalog }, model.id),
  };
}

export function attackView({ catalog }: Context, attack: CatalogAttack): AttackView {
  const active = catalog.attacks.activeSet();
  return {
    id: attack.id,
    label: attackLabel(attack.definition),
    definition: attack.definition,
    inActiveSet: active?.attacks.some(({ id }) => id === attack.id) ?? false,
    createdAt: attack.createdAt,
  };
}

export function attackSetView({ name, date, active, attacks }: AttackSet): AttackSetView {
  return { name, date, active, attacks: attacks.map(({ definition }) => attackLabel(definition)) };
}

export function datasetView(dataset: CatalogDataset): DatasetView {
  const { name, version, hash, manifest, size, createdAt } = dataset;
  const splits = Object.entries(manifest.splits).map(([split, { count }]) => [split, count]);
  return {
    name,
    version,
    hash,
    classes: manifest.classes.length,
    splits: Object.fromEntries(splits),
    size,
    createdAt,
  };
}
