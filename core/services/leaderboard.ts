import { attackLabel } from "../../shared/schemas/attack.ts";
import type { LeaderboardView } from "../../shared/views.ts";
import type { CatalogThreatModel } from "../catalog/evaluations.ts";
import { robustAccuracies } from "../domain/worst-case.ts";
import type { CoreContext } from "./context.ts";
import { attackSet } from "./evaluations.ts";
import { accuracyUnder, fixedThreatModels } from "./fixed-epsilon.ts";
import { epsilonLimits, positionsAmong, scoreAmong, scoreUnderSet } from "./scores.ts";
import { chosenThreatModel, threatModelView } from "./threat-models.ts";

type Context = Pick<CoreContext, "catalog">;

export type LeaderboardRequest = {
  /** `active`, or a set's name. */
  set: string;
  /** An id; null: the one that most evaluations are under. */
  threatModel: string | null;
  /** Robust accuracy is told at each. */
  epsilons: number[];
  /** Only samples of these classes; empty: all. */
  classes: number[];
};

/**
 * Models ranked by score under one set and one threat model; those without a verified outcome for
 * every sample and attack stand below, unranked, with how far they are.
 * Throws NO_ACTIVE_SET, ATTACK_SET_NOT_FOUND and THREAT_MODEL_NOT_FOUND.
 */
export function leaderboard(context: Context, request: LeaderboardRequest): LeaderboardView {
  // One transaction for all the scores that are worked out and kept on the way.
  return context.catalog.transaction(() => rank(context, request));
}

function rank(context: Context, request: LeaderboardRequest): LeaderboardView {
  const { catalog } = context;
  const set = attackSet(context, request.set);
  const attacks = set.attacks.map(({ definition }) => attackLabel(definition));
  const view: LeaderboardView = {
    set: { name: set.name, date: set.date, active: set.active, attacks },
    threatModel: null,
    epsilons: request.epsilons,
    classes: request.classes,
    fixed: [],
    ranked: [],
    incomplete: [],
  };
  const threat = chosenThreatModel(context, request.threatModel);
  if (!threat) return view;
  view.threatModel = threatModelView(context, threat);
  const fixed = fixedThreatModels(context, threat);
  view.fixed = fixed.map((each) => threatModelView(context, each));
  const scoreOf = scorer(context, set, threat, request);
  const models = new Set(catalog.evaluations.modelsUnder(threat.id));
  for (const model of catalog.models.list()) {
    if (!models.has(model.id)) continue;
    const { score, robustAccuracy } = scoreOf(model.id);
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
      fixed: fixed.map((each) => accuracyUnder(context, model.id, each, request.classes)),
    };
    if (score.state === "incomplete") view.incomplete.push({ ...facts, reason: score.reason });
    else {
      const { interval, cleanAccuracy, atWorstCase } = score;
      const more = { interval, cleanAccuracy, atWorstCase, robustAccuracy };
      view.ranked.push({ ...facts, rank: 0, score: score.score, ...more });
    }
  }
  view.ranked.sort((a, b) => b.score - a.score);
  view.ranked.forEach((row, index) => (row.rank = index + 1));
  return view;
}

/** How a model is scored: by what is kept, where that can answer the request. */
function scorer(
  context: Context,
  set: ReturnType<typeof attackSet>,
  threat: CatalogThreatModel,
  { epsilons, classes }: LeaderboardRequest,
) {
  if (epsilons.length === 0 && classes.length === 0)
    return (modelId: string) => ({
      score: scoreUnderSet(context, modelId, set, threat),
      robustAccuracy: [],
    });
  const limits = epsilonLimits(context, threat, threat.threat.norm, epsilons);
  const positions = positionsAmong(context, threat.id, classes);
  return (modelId: string) => {
    const { score, worst } = scoreAmong(context, modelId, set.attacks, threat, { positions });
    return { score, robustAccuracy: worst ? robustAccuracies(worst, limits) : [] };
  };
}
