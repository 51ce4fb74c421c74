import { attackLabel } from "../../shared/schemas/attack.ts";
import type { LeaderboardView } from "../../shared/views.ts";
import type { Score } from "../domain/scoring.ts";
import type { CoreContext } from "./context.ts";
import { attackSet } from "./evaluations.ts";
import { computeScore } from "./scores.ts";

/**
 * Models ranked by score under one set and one threat model; those without a verified outcome for
 * every sample and attack stand below, unranked, with how far they are.
 * Throws NO_ACTIVE_SET and ATTACK_SET_NOT_FOUND.
 */
export function leaderboard(context: CoreContext, setName: string): LeaderboardView {
  const { catalog } = context;
  const set = attackSet(context, setName);
  const attacks = set.attacks.map(({ definition }) => attackLabel(definition));
  const view: LeaderboardView = {
    set: { name: set.name, date: set.date, active: set.active, attacks },
    threatModel: null,
    ranked: [],
    incomplete: [],
  };
  // Results under different threat models are never compared: the most used one is shown.
  const threatModelId = catalog.evaluations.threatModelUse()[0]?.id;
  if (!threatModelId) return view;
  const { threat, sampleSet, datasetId } = catalog.evaluations.threatModel(threatModelId);
  view.threatModel = {
    id: threatModelId,
    norm: threat.norm,
    minimal: threat.minimal,
    epsilon: threat.epsilon ?? null,
    bounds: threat.bounds,
    queries: threat.queries ?? null,
    dataset: catalog.datasets.get(datasetId).name,
    split: sampleSet.split,
    samples: sampleSet.indexes.length,
  };
  for (const model of catalog.models.list()) {
    if (!catalog.evaluations.threatModelsOf(model.id).includes(threatModelId)) continue;
    const score = scoreOf(context, model.id, set, threatModelId);
    const run = model.runId ? catalog.runs.get(model.runId) : null;
    const facts = {
      modelId: model.id,
      model: model.name,
      label: run?.label ?? "",
      parameters: run?.parameters ?? {},
      seed: run?.seed ?? null,
      perAttack: score.perAttack,
      verified: score.verified,
      needed: score.needed,
    };
    if (score.state === "complete")
      view.ranked.push({
        ...facts,
        rank: 0,
        score: score.score,
        interval: score.interval,
        cleanAccuracy: score.cleanAccuracy,
        atWorstCase: score.perSample.filter(({ worstCase }) => worstCase).length,
      });
    else view.incomplete.push({ ...facts, reason: score.reason });
  }
  view.ranked.sort((a, b) => b.score - a.score);
  view.ranked.forEach((row, index) => (row.rank = index + 1));
  return view;
}

function scoreOf(
  context: CoreContext,
  modelId: string,
  set: Parameters<typeof computeScore>[2],
  threatModelId: string,
): Score {
  const saved = context.catalog.evaluations.savedScore(modelId, set.id, threatModelId);
  // A score is kept whenever an evaluation of the set ends; none is kept for a set made later.
  return saved ? (JSON.parse(saved) as Score) : computeScore(context, modelId, set, threatModelId);
}
