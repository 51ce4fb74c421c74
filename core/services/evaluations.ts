import { GauntletError } from "../../shared/errors.ts";
import { attackLabel } from "../../shared/schemas/attack.ts";
import {
  type EvaluatePlan,
  evaluateSchema,
  type Experiment,
} from "../../shared/schemas/experiment.ts";
import type { Norm, ThreatModel } from "../../shared/schemas/threat-model.ts";
import { didYouMean } from "../../shared/suggest.ts";
import type { CatalogAttack } from "../catalog/attacks.ts";
import type { CatalogDataset } from "../catalog/datasets.ts";
import type { CatalogEvaluation } from "../catalog/evaluations.ts";
import type { CatalogModel } from "../catalog/models.ts";
import { jobPriority } from "../domain/priority.ts";
import { sha256 } from "../platform/sha256.ts";
import type { CoreContext } from "./context.ts";
import { checkDataset, whyUnusable } from "./dataset-guard.ts";
import { containerOf, evaluateSpec, runnerFor, type EvaluationSubject } from "./job-specs.ts";
import { findModel } from "./find.ts";

/**
 * The attacks that `active`, a set's name, or a list of attacks means, in order.
 * Throws NO_ACTIVE_SET, ATTACK_SET_NOT_FOUND and ATTACK_NOT_FOUND.
 */
export function resolveAttacks(
  { catalog }: Pick<CoreContext, "catalog">,
  attacks: EvaluatePlan["attacks"],
): CatalogAttack[] {
  if (typeof attacks !== "string")
    return attacks.map((label) => {
      const attack = catalog.attacks.find(label);
      if (attack) return attack;
      throw new GauntletError("ATTACK_NOT_FOUND", `There is no attack ${label}.`, {
        hint: didYouMean(label, catalog.attacks.labels()) ?? undefined,
      });
    });
  return attackSet({ catalog }, attacks).attacks;
}

/** A set by name, or the active one. Throws NO_ACTIVE_SET and ATTACK_SET_NOT_FOUND. */
export function attackSet({ catalog }: Pick<CoreContext, "catalog">, name = "active") {
  if (name === "active") {
    const active = catalog.attacks.activeSet();
    if (active) return active;
    throw new GauntletError("NO_ACTIVE_SET", "No attack set is active.");
  }
  const set = catalog.attacks.set(name);
  if (set) return set;
  const names = catalog.attacks.sets().map((known) => known.name);
  throw new GauntletError("ATTACK_SET_NOT_FOUND", `There is no attack set named ${name}.`, {
    hint: didYouMean(name, names) ?? undefined,
  });
}

/** Notes the threat model with its frozen samples and returns its id, a hash of its content. */
export function threatModelFor(
  context: CoreContext,
  dataset: CatalogDataset,
  threat: ThreatModel,
  samples: number,
): string {
  const sampleSet = context.datasetReader.sampleSet(dataset, "test", samples);
  const { norm, minimal, epsilon = null, bounds, targeted, queries = null } = threat;
  const content = [norm, minimal, epsilon, bounds, targeted, queries, sampleSet.hash];
  const id = sha256(JSON.stringify(content));
  context.catalog.evaluations.addThreatModel({ id, threat, datasetId: dataset.id, sampleSet });
  return id;
}

/**
 * Queues the evaluation of one cell, unless it is under way or verified; with `again` also one that
 * is verified. Call it inside a transaction. Returns the evaluation's id, or null when there was nothing to do.
 */
export function queueEvaluation(
  context: CoreContext,
  modelId: string,
  attackId: string,
  threatModelId: string,
  again = false,
): string | null {
  const { evaluations, jobs } = context.catalog;
  const found = evaluations.find(modelId, attackId, threatModelId);
  if (found && !again && !needsEvaluation(found)) return null;
  const id = found?.id ?? evaluations.add(modelId, attackId, threatModelId);
  if (found) evaluations.setState(id, "queued");
  const spec = evaluateSpec(context.folders.installation, subjectOf(context, evaluations.get(id)));
  jobs.add({
    id: context.newId(),
    evaluationId: id,
    runner: runnerFor(spec),
    priority: jobPriority("evaluate", priorityOf(context, modelId)),
    spec,
  });
  return id;
}

/** The priority of the run that made a model; 0 for an imported one. */
export function priorityOf({ catalog }: CoreContext, modelId: string): number {
  const { runId } = catalog.models.get(modelId);
  return runId ? catalog.runs.get(runId).priority : 0;
}

/**
 * Queues what a plan asks for of the model that a run made, where it is missing. Call it inside a
 * transaction. Returns the evaluations that were queued.
 */
export function queueEvaluationsOf(
  context: CoreContext,
  runId: string,
  plan: EvaluatePlan | undefined,
): string[] {
  const { catalog } = context;
  const model = catalog.models.ofRun(runId);
  if (!plan || !model?.datasetId) return [];
  const dataset = catalog.datasets.get(model.datasetId);
  const threatModelId = threatModelFor(context, dataset, plan.threat_model, plan.samples);
  return resolveAttacks(context, plan.attacks).flatMap(
    ({ id }) => queueEvaluation(context, model.id, id, threatModelId) ?? [],
  );
}

export function needsEvaluation(evaluation: CatalogEvaluation | undefined): boolean {
  return !evaluation || evaluation.state === "failed" || evaluation.state === "cancelled";
}

/** Everything that an evaluation and its verification need to know. Throws MODEL_INVALID. */
export function subjectOf(context: CoreContext, evaluation: CatalogEvaluation): EvaluationSubject {
  const { catalog } = context;
  const model = catalog.models.get(evaluation.modelId);
  const threat = catalog.evaluations.threatModel(evaluation.threatModelId);
  if (!model.interface)
    throw new GauntletError(
      "MODEL_INVALID",
      `The experiment of ${model.name} does not say how its model is asked.`,
      { hint: "Add model: { load: FILE:FUNCTION, input: ... } to gauntlet.yaml and run it again." },
    );
  const experiment = experimentOf(context, model);
  return {
    modelTree: model.tree,
    codeTree: model.codeTree,
    interface: model.interface,
    dataset: catalog.datasets.get(threat.datasetId),
    attack: catalog.attacks.get(evaluation.attackId),
    threat,
    // As the model's experiment wants it; the defaults for an imported model.
    limits: experiment?.evaluate ?? evaluateSchema.parse({}),
    container: experiment && containerOf(experiment, model.codeTree).container,
  };
}

/** The experiment of the run that made a model. */
function experimentOf({ catalog }: CoreContext, model: CatalogModel): Experiment | undefined {
  const run = model.runId ? catalog.runs.get(model.runId) : undefined;
  return run && catalog.experiments.version(run.experimentVersionId).spec;
}

export type FillRequest = {
  /** Names or ids; empty: every model that has a dataset and can be asked. */
  models: string[];
  /** `active`, a set's name, or attacks by name or name@version. */
  attacks: EvaluatePlan["attacks"];
  /** Null: as the model's experiment says, or as other models on its dataset were evaluated. */
  samples: number | null;
  /**
   * Success within an epsilon instead of the smallest distance. Null: as the experiment says, or,
   * where every attack works at one and the same epsilon, that one.
   */
  fixed: { norm: Norm; epsilon: number } | null;
  /** Count as missing, too, what left samples without a verified outcome. */
  again: boolean;
  /** Only say what is missing. */
  dryRun: boolean;
};

export type FillResult = {
  missing: { model: string; modelId: string; attack: string }[];
  queued: string[];
  /** Cells that are verified or under way. */
  present: number;
  /** Models that were not named and are left out, because their dataset cannot be used, and why. */
  leftOut: { model: string; dataset: string; why: string }[];
};

/**
 * Finds which cells of models by attacks are missing and fills just those. Throws DATASET_CHANGED for
 * a model that was named.
 */
export async function fillEvaluations(
  context: CoreContext,
  request: FillRequest,
): Promise<FillResult> {
  const { catalog, engine } = context;
  const attacks = resolveAttacks(context, request.attacks);
  const fixed = request.fixed ?? ownEpsilonOf(attacks);
  const isNamed = request.models.length > 0;
  const wanted = isNamed
    ? request.models.map((name) => findModel(context, name))
    : catalog.models.list().filter((model) => model.interface && model.datasetId);
  const unusable = new Map<string, { dataset: string; why: string }>();
  if (!request.dryRun)
    for (const id of new Set(wanted.flatMap(({ datasetId }) => datasetId ?? []))) {
      const dataset = catalog.datasets.get(id);
      if (isNamed) await checkDataset(context, dataset);
      const why = isNamed ? null : await whyUnusable(context, dataset);
      if (why !== null) unusable.set(id, { dataset: dataset.name, why });
    }
  const result: FillResult = { missing: [], queued: [], present: 0, leftOut: [] };
  const models = wanted.filter(({ name, datasetId }) => {
    const reason = unusable.get(datasetId ?? "");
    if (reason) result.leftOut.push({ model: name, ...reason });
    return reason === undefined;
  });
  catalog.transaction(() => {
    for (const model of models) {
      const threatModelId = threatModelOf(context, model, { samples: request.samples, fixed });
      for (const attack of attacks) {
        const found = catalog.evaluations.find(model.id, attack.id, threatModelId);
        const isIncomplete =
          request.again &&
          found?.state === "verified" &&
          catalog.outcomes.rejections(found.id).length > 0;
        if (!needsEvaluation(found) && !isIncomplete) {
          result.present++;
          continue;
        }
        const label = attackLabel(attack.definition);
        result.missing.push({ model: model.name, modelId: model.id, attack: label });
        if (request.dryRun) continue;
        const id = queueEvaluation(context, model.id, attack.id, threatModelId, isIncomplete);
        if (id) result.queued.push(id);
      }
    }
  });
  if (result.queued.length > 0) engine.setWorking(true);
  return result;
}

/** The norm and epsilon of attacks that all work at the same one, by their option `epsilon`. */
function ownEpsilonOf(attacks: readonly CatalogAttack[]): FillRequest["fixed"] {
  const [first] = attacks;
  const epsilon = first?.definition.options["epsilon"];
  if (!first || typeof epsilon !== "number" || epsilon <= 0) return null;
  const { norm } = first.definition;
  const isSame = attacks.every(
    ({ definition: { minimal, norm: other, options } }) =>
      !minimal && other === norm && options["epsilon"] === epsilon,
  );
  return isSame ? { norm, epsilon } : null;
}

/**
 * The threat model that a model is evaluated under: what its experiment says, else the one most
 * used on its dataset, so that results can be compared. A given number of samples or epsilon is
 * another threat model, for this time only.
 */
export function threatModelOf(
  context: CoreContext,
  model: CatalogModel,
  { samples, fixed }: Pick<FillRequest, "samples" | "fixed">,
): string {
  const { catalog } = context;
  if (!model.datasetId)
    throw new GauntletError("MODEL_INVALID", `${model.name} names no dataset to attack.`, {
      hint: "Import it again with --dataset NAME, or set dataset in gauntlet.yaml.",
    });
  const dataset = catalog.datasets.get(model.datasetId);
  const plan = experimentOf(context, model)?.evaluate;
  const usual = plan ? undefined : catalog.evaluations.mostUsedThreatModelOn(dataset.id);
  if (usual && samples === null && fixed === null) return usual;
  const { threat_model, samples: planned } = plan ?? evaluateSchema.parse({});
  const base = usual ? catalog.evaluations.threatModel(usual) : null;
  const threat = base?.threat ?? threat_model;
  return threatModelFor(
    context,
    dataset,
    fixed ? { ...threat, ...fixed, minimal: false } : threat,
    samples ?? base?.sampleSet.indexes.length ?? planned,
  );
}
