/** Catalog rows as the views of the contract. */
import { z } from "zod";
import { attackLabel } from "../../shared/schemas/attack.ts";
import type {
  AttackSetView,
  AttackView,
  AttemptView,
  ContainerView,
  DatasetView,
  EvaluationView,
  ListedRun,
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
import { sourceText } from "../domain/dataset-source.ts";
import { failureReasons } from "../domain/job.ts";
import { imageName } from "../runners/docker/image.ts";
import { conditionsOf } from "./conditions.ts";
import type { CoreContext } from "./context.ts";

type Context = Pick<CoreContext, "catalog">;
/** Also asks what holds jobs up, and what they run in. */
type LiveContext = Pick<CoreContext, "catalog" | "engine">;

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

/** Runs as a list shows them. */
export function listedRuns(context: LiveContext, runs: readonly CatalogRun[]): ListedRun[] {
  const conditions = conditionsOf(
    context,
    runs.map(({ id }) => id),
  );
  return runs.map((run) => ({ ...runView(run), condition: conditions.get(run.id) ?? null }));
}

export async function runDetail(context: LiveContext, run: CatalogRun): Promise<RunDetail> {
  const { catalog } = context;
  const version = catalog.experiments.version(run.experimentVersionId);
  const model = catalog.models.ofRun(run.id);
  return {
    ...runView(run),
    condition: conditionsOf(context, [run.id]).get(run.id) ?? null,
    folder: version.folder,
    dataset: datasetLabel({ catalog }, run.datasetId),
    git: { commit: version.gitCommit, branch: version.gitBranch, diff: version.gitDiff },
    model: model?.id ?? null,
    metrics: catalog.metrics.summariesOfRun(run.id),
    attempts: await Promise.all(
      catalog.runs.attempts(run.id).map((attempt) => attemptView(context, attempt)),
    ),
    evaluations: model ? evaluationsOf(context, model.id) : [],
  };
}

async function attemptView(context: LiveContext, attempt: CatalogAttempt): Promise<AttemptView> {
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
    container: await containerView(context, attempt),
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
    files: context.catalog.runs.files(attempt.id),
  };
}

/** As the runner noted it; see core/runners/docker/runner.ts. */
const surroundingsSchema = z.object({
  image: z.string(),
  imageId: z.string(),
  digest: z.string().optional(),
  docker: z.string(),
});

/** What is known of an attempt's container: kept with an ended one, asked for of one under way. */
async function containerView(
  { engine }: LiveContext,
  { container, environment, jobId, folder, endedAt }: CatalogAttempt,
): Promise<ContainerView | null> {
  if (!container) return null;
  const told =
    endedAt === null
      ? await engine.surroundings(jobId, folder).catch(() => null) // Others may write there, too.
      : environment?.["container"];
  const known = surroundingsSchema.safeParse(told).data;
  return {
    image: known?.image ?? imageName(container.image),
    id: known?.imageId ?? null,
    digest: known?.digest ?? null,
    engine: known?.docker ?? null,
    network: container.network,
  };
}

function evaluationsOf(context: LiveContext, modelId: string): EvaluationView[] {
  const { catalog } = context;
  const rows = catalog.evaluations.ofModel(modelId);
  const conditions = conditionsOf(
    context,
    rows.map(({ id }) => id),
  );
  const threatModels = new Set(rows.map(({ threatModelId }) => threatModelId));
  const factsUnder = new Map(
    [...threatModels].map((id) => [id, catalog.outcomes.factsOfModel(modelId, id)]),
  );
  return rows.map((row) => ({
    ...evaluationView({ catalog }, row),
    facts: factsUnder.get(row.threatModelId)?.get(row.attackId) ?? null,
    condition: conditions.get(row.id) ?? null,
  }));
}

function evaluationView(
  { catalog }: Context,
  evaluation: CatalogEvaluation,
): Omit<EvaluationView, "facts" | "condition"> {
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

export function modelDetail(context: LiveContext, model: CatalogModel): ModelDetail {
  const { catalog } = context;
  return {
    ...modelView({ catalog }, model),
    interface: model.interface,
    hash: model.tree,
    files: catalog.artifacts
      .tree(model.tree)
      .files.map(({ path, sha256, size }) => ({ path, sha256, size })),
    results: evaluationsOf(context, model.id),
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
  const { name, version, hash, manifest, size, createdAt, usedAt, droppedAt, source } = dataset;
  const splits = Object.entries(manifest.splits).map(([split, { count }]) => [split, count]);
  return {
    name,
    version,
    hash,
    classes: manifest.classes.length,
    splits: Object.fromEntries(splits),
    size,
    createdAt,
    usedAt,
    isDropped: droppedAt !== null,
    source: source && sourceText(source),
  };
}
