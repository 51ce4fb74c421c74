import { setImmediate as nextTurn } from "node:timers/promises";
import { attackLabel } from "../../shared/schemas/attack.ts";
import type { Norm } from "../../shared/schemas/threat-model.ts";
import type { AttackSet, CatalogAttack } from "../catalog/attacks.ts";
import type { CatalogEvaluation, CatalogThreatModel } from "../catalog/evaluations.ts";
import { epsilonLimit } from "../domain/distance.ts";
import {
  type CleanColumns,
  positionsOfClasses,
  takeClean,
  takePositions,
} from "../domain/outcome-columns.ts";
import { type Score, scoreModel } from "../domain/scoring.ts";
import type { WorstCase } from "../domain/worst-case.ts";
import type { CoreContext } from "./context.ts";

type Context = Pick<CoreContext, "catalog">;

/** Works out and keeps the score of a model under each set that holds the evaluation's attack. */
export function updateScores(context: Context, evaluation: CatalogEvaluation): void {
  const threat = context.catalog.evaluations.threatModel(evaluation.threatModelId);
  for (const set of context.catalog.attacks.sets())
    if (set.attacks.some(({ id }) => id === evaluation.attackId))
      computeScore(context, evaluation.modelId, set, threat);
}

const modelsAtOnce = 100;
/** Milliseconds after which a transaction ends, so that the loop is never held for long. */
const turn = 10;

/**
 * Keeps the score of every model that all attacks of a set are verified on, under each of its
 * threat models: the runs table and SQL tell kept scores only. What is kept already stays.
 * @param signal ends it early; `keepMissingScores` goes on with it
 * @returns how many were missing
 */
export async function keepScores(
  context: Context,
  set: AttackSet,
  signal?: AbortSignal,
): Promise<number> {
  const { attacks, evaluations } = context.catalog;
  let kept = 0;
  for (let after = ""; ;) {
    const last = evaluations.modelsAfter(after, modelsAtOnce).at(-1);
    if (last === undefined || signal?.aborted) return kept;
    const missing = attacks.unscored(set.id, after, last);
    while (missing.length > 0 && !signal?.aborted) {
      kept += keepSome(context, set, missing);
      await nextTurn();
    }
    after = last;
    await nextTurn();
  }
}

/**
 * Takes from the list, and keeps, the scores of models that all attacks are verified on, for one turn
 * of the loop. Returns how many.
 */
function keepSome(
  context: Context,
  set: AttackSet,
  missing: { modelId: string; threatModelId: string }[],
): number {
  const { catalog } = context;
  const ids = set.attacks.map(({ id }) => id);
  return catalog.transaction(() => {
    const end = performance.now() + turn;
    let kept = 0;
    for (;;) {
      const next = missing.pop();
      if (!next) return kept;
      const { modelId, threatModelId } = next;
      if (catalog.outcomes.hasAll(modelId, threatModelId, ids)) {
        scoreUnderSet(context, modelId, set, catalog.evaluations.threatModel(threatModelId));
        kept++;
      }
      if (performance.now() > end) return kept;
    }
  });
}

/** Goes on with sets whose scores were not all kept when their core died. */
export async function keepMissingScores(context: Context, signal: AbortSignal): Promise<void> {
  const { catalog } = context;
  for (const set of catalog.attacks.sets()) {
    const kept = await keepScores(context, set, signal);
    if (kept > 0) catalog.transaction(() => catalog.events.append("attack-set.scored", set.id));
  }
}

/**
 * The score of a model under a set: the kept one, which the catalog drops as soon as anything that
 * it was made of changes, or else worked out and kept.
 */
export function scoreUnderSet(
  context: Context,
  modelId: string,
  set: AttackSet,
  threat: CatalogThreatModel,
): Score {
  const saved = context.catalog.evaluations.savedScore(modelId, set.id, threat.id);
  return saved ?? computeScore(context, modelId, set, threat);
}

function computeScore(
  context: Context,
  modelId: string,
  set: AttackSet,
  threat: CatalogThreatModel,
): Score {
  const ids = set.attacks.map(({ id }) => id);
  const score = context.catalog.outcomes.hasAll(modelId, threat.id, ids)
    ? scoreAmong(context, modelId, set.attacks, threat, {}).score
    : incompleteScore(context, modelId, set.attacks, threat);
  context.catalog.evaluations.saveScore({
    modelId,
    setId: set.id,
    threatModelId: threat.id,
    state: score.state,
    value: score.state === "complete" ? score.score : null,
    verified: score.verified,
    needed: score.needed,
    score,
  });
  return score;
}

/**
 * The score of a model that some attack is not verified on, without reading the outcomes of the
 * others: while a set of 50 attacks is worked through, each of their ends asks for it.
 */
function incompleteScore(
  { catalog }: Context,
  modelId: string,
  attacks: readonly CatalogAttack[],
  { id, threat, sampleSet }: CatalogThreatModel,
): Score {
  const facts = catalog.outcomes.factsOfModel(modelId, id);
  return scoreModel(
    attacks.map(({ id: attackId, definition }) => ({
      attack: attackLabel(definition),
      minimal: threat.minimal && definition.minimal,
      facts: facts.get(attackId),
      outcomes: null,
    })),
    sampleSet.indexes.length,
  ).score;
}

/** Which outcomes a question is about. */
export type Among = {
  /** Measures distances in another norm than the threat model's; then only `worst` means anything. */
  norm?: Norm;
  /** Positions of the sample set; absent: all. */
  positions?: Int32Array;
  /**
   * Whether only what lies within the threat model's epsilon is asked: what attacks at it did not
   * fool is out of reach then; and only `worst` means anything.
   */
  within?: boolean;
};

/** The score of a model over any attacks, and the worst case per sample, from verified outcomes only. */
export function scoreAmong(
  { catalog }: Context,
  modelId: string,
  attacks: readonly CatalogAttack[],
  { id, threat }: Pick<CatalogThreatModel, "id" | "threat">,
  { norm, positions, within = false }: Among,
): { score: Score; worst: WorstCase | null } {
  const found = catalog.outcomes.ofModel(
    modelId,
    id,
    attacks.map((attack) => attack.id),
    norm,
  );
  const ids = catalog.outcomes.sampleIds(id);
  const taken = new Map<CleanColumns, CleanColumns>();
  const cleanOf = (clean: CleanColumns) => {
    const known = taken.get(clean) ?? takeClean(clean, positions ?? new Int32Array());
    taken.set(clean, known);
    return known;
  };
  return scoreModel(
    attacks.map(({ definition }, index) => {
      const on = found[index] ?? null;
      const common = {
        attack: attackLabel(definition),
        minimal: within || (threat.minimal && definition.minimal),
      };
      if (!on) return { ...common, outcomes: null };
      if (positions) return { ...common, outcomes: takePositions(on.outcomes, positions, cleanOf) };
      // What is kept of an attack alone was worked out with the threat model's own distances.
      return norm === undefined || norm === threat.norm
        ? { ...common, ...on }
        : { ...common, outcomes: on.outcomes };
    }),
    positions?.length ?? ids.length,
    (position) => ids[positions?.[position] ?? position] ?? String(position),
  );
}

/** The positions of the samples of some classes; undefined for no classes, which means all samples. */
export function positionsAmong(
  { catalog }: Context,
  threatModelId: string,
  classes: readonly number[],
): Int32Array | undefined {
  if (classes.length === 0) return undefined;
  const labels = catalog.outcomes.labels(threatModelId);
  return labels ? positionsOfClasses(labels, classes) : new Int32Array();
}

/**
 * The distances up to which a found adversarial counts as within each epsilon: arrays are float32,
 * so an attack that goes exactly to epsilon may be a rounding over it. Nothing is within 0 but 0.
 */
export function epsilonLimits(
  { catalog }: Context,
  { threat, datasetId }: CatalogThreatModel,
  norm: Norm,
  epsilons: readonly number[],
): number[] {
  const { shape } = catalog.datasets.get(datasetId).manifest.input;
  const size = shape.reduce((product, length) => product * length, 1);
  return epsilons.map((epsilon) =>
    epsilon === 0 ? 0 : epsilonLimit(epsilon, norm, threat.bounds, size),
  );
}
