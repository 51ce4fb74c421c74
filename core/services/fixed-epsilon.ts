/** What attacks at fixed epsilons say beside a score: robust accuracy under their threat models. */
import { attackLabel } from "../../shared/schemas/attack.ts";
import type { CatalogThreatModel } from "../catalog/evaluations.ts";
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
 * verified on every sample. `attacks` is what it rests on: another model may have met others.
 */
export function accuracyUnder(
  context: Context,
  modelId: string,
  threat: CatalogThreatModel,
  classes: readonly number[],
): { accuracy: number; attacks: string[] } | null {
  const { catalog } = context;
  const { epsilon, norm } = threat.threat;
  const attacks = catalog.evaluations
    .ofModel(modelId)
    .filter(({ threatModelId, state }) => threatModelId === threat.id && state === "verified")
    .map(({ attackId }) => catalog.attacks.get(attackId));
  if (epsilon === undefined || attacks.length === 0) return null;
  const positions = positionsAmong(context, threat.id, classes);
  const { worst } = scoreAmong(context, modelId, attacks, threat, { positions, within: true });
  const [accuracy] = worst
    ? robustAccuracies(worst, epsilonLimits(context, threat, norm, [epsilon]))
    : [];
  if (accuracy === undefined) return null;
  return { accuracy, attacks: attacks.map(({ definition }) => attackLabel(definition)) };
}
