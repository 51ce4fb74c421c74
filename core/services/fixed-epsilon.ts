/** What attacks at fixed epsilons say beside a score: robust accuracy under their threat models. */
import { attackLabel } from "../../shared/schemas/attack.ts";
import type { CatalogAttack } from "../catalog/attacks.ts";
import type {
  CatalogEvaluation,
  CatalogThreatModel,
  FixedAccuracy,
} from "../catalog/evaluations.ts";
import { robustAccuracies } from "../domain/worst-case.ts";
import type { CoreContext } from "./context.ts";
import { epsilonLimits, positionsAmong, scoreAmong } from "./scores.ts";

type Context = Pick<CoreContext, "catalog">;

/** More columns than these no table has room for. */
const mostColumns = 6;

/** The threat models with an epsilon that models on the same dataset were evaluated under. */
export function fixedThreatModels(
  { catalog }: Context,
  { id, datasetId }: CatalogThreatModel,
): CatalogThreatModel[] {
  return catalog.evaluations
    .threatModelUse()
    .filter((use) => use.id !== id)
    .map((use) => catalog.evaluations.threatModel(use.id))
    .filter(({ threat, datasetId: on }) => !threat.minimal && on === datasetId)
    .slice(0, mostColumns);
}

/**
 * The share of samples, of some classes or all, that a model classifies rightly and that no attack
 * verified under the threat model fools within its epsilon; in [0, 1]. Null where no attack is
 * verified on every sample. `attacks` is what it rests on: another model may have met others. Of all
 * classes it is the kept one, which the catalog drops as a score, or else worked out and kept.
 */
export function accuracyUnder(
  context: Context,
  modelId: string,
  threat: CatalogThreatModel,
  classes: readonly number[],
): { accuracy: number; attacks: string[] } | null {
  const { evaluations } = context.catalog;
  const isWhole = classes.length === 0;
  const found =
    (isWhole ? evaluations.savedAccuracy(modelId, threat.id) : undefined) ??
    computeAccuracy(context, modelId, threat, classes, isWhole);
  return found.accuracy === null ? null : { ...found, accuracy: found.accuracy };
}

/** Works out and keeps what a verified evaluation at a fixed epsilon says, for the leaderboard. */
export function updateAccuracy(context: Context, evaluation: CatalogEvaluation): void {
  const threat = context.catalog.evaluations.threatModel(evaluation.threatModelId);
  if (threat.threat.epsilon !== undefined)
    computeAccuracy(context, evaluation.modelId, threat, [], true);
}

function computeAccuracy(
  context: Context,
  modelId: string,
  threat: CatalogThreatModel,
  classes: readonly number[],
  isKept: boolean,
): FixedAccuracy {
  const { catalog } = context;
  const attacks = catalog.evaluations
    .ofModel(modelId)
    .filter(({ threatModelId, state }) => threatModelId === threat.id && state === "verified")
    .map(({ attackId }) => catalog.attacks.get(attackId));
  const found = {
    accuracy: worstAccuracy(context, modelId, attacks, threat, classes),
    attacks: attacks.map(({ definition }) => attackLabel(definition)),
  };
  if (isKept) catalog.evaluations.saveAccuracy(modelId, threat.id, found);
  return found;
}

function worstAccuracy(
  context: Context,
  modelId: string,
  attacks: readonly CatalogAttack[],
  threat: CatalogThreatModel,
  classes: readonly number[],
): number | null {
  const { epsilon, norm } = threat.threat;
  if (epsilon === undefined || attacks.length === 0) return null;
  const positions = positionsAmong(context, threat.id, classes);
  const { worst } = scoreAmong(context, modelId, attacks, threat, { positions, within: true });
  const [accuracy] = worst
    ? robustAccuracies(worst, epsilonLimits(context, threat, norm, [epsilon]))
    : [];
  return accuracy ?? null;
}
