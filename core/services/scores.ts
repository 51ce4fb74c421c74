import { attackLabel } from "../../shared/schemas/attack.ts";
import type { AttackSet } from "../catalog/attacks.ts";
import type { CatalogEvaluation } from "../catalog/evaluations.ts";
import { type AttackOutcomes, type Score, scoreModel } from "../domain/scoring.ts";
import type { CoreContext } from "./context.ts";

/** Works out and keeps the score of a model under each set that holds the evaluation's attack. */
export function updateScores(context: CoreContext, evaluation: CatalogEvaluation): void {
  for (const set of context.catalog.attacks.sets())
    if (set.attacks.some(({ id }) => id === evaluation.attackId))
      computeScore(context, evaluation.modelId, set, evaluation.threatModelId);
}

/** The score of a model under a set and a threat model, from verified outcomes only. */
export function computeScore(
  context: CoreContext,
  modelId: string,
  set: AttackSet,
  threatModelId: string,
): Score {
  const { evaluations } = context.catalog;
  const { threat, sampleSet } = evaluations.threatModel(threatModelId);
  const attacks = set.attacks.map((attack): AttackOutcomes => {
    const found = evaluations.find(modelId, attack.id, threatModelId);
    return {
      attack: attackLabel(attack.definition),
      minimal: threat.minimal && attack.definition.minimal,
      outcomes: found ? evaluations.outcomes(found.id, threat.norm) : [],
    };
  });
  const score = scoreModel(attacks, sampleSet.indexes.length);
  evaluations.saveScore({
    modelId,
    setId: set.id,
    threatModelId,
    state: score.state,
    value: score.state === "complete" ? score.score : null,
    verified: score.verified,
    needed: score.needed,
    score,
  });
  return score;
}
