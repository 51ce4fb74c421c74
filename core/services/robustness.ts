import { attackLabel } from "../../shared/schemas/attack.ts";
import type { Norm } from "../../shared/schemas/threat-model.ts";
import type { RobustnessCurveView, RobustnessMatrixView } from "../../shared/views.ts";
import type { CatalogAttack } from "../catalog/attacks.ts";
import type { CatalogModel } from "../catalog/models.ts";
import type { Cell } from "../catalog/outcome-reader.ts";
import { robustAccuracies, type WorstCase } from "../domain/worst-case.ts";
import type { CoreContext } from "./context.ts";
import { resolveAttacks } from "./evaluations.ts";
import { findModel } from "./find.ts";
import { epsilonLimits, positionsAmong, scoreAmong } from "./scores.ts";
import { chosenThreatModel, threatModelView } from "./threat-models.ts";

type Context = Pick<CoreContext, "catalog">;

/** Points of a curve where nobody says at which epsilons. */
const automaticPoints = 201;

export type CurveRequest = {
  /** Names or ids. */
  models: string[];
  /** `active`, a set's name, or attacks. */
  attacks: string | string[];
  threatModel: string | null;
  /** `auto`: evenly from 0 to the largest distance at which any of the models was fooled. */
  epsilons: "auto" | number[];
  /** Of the distances; null: the threat model's. */
  norm: Norm | null;
  /** Only samples of these classes; empty: all. */
  classes: number[];
};

/**
 * Robust accuracy against epsilon under the worst case over the attacks: the clean accuracy at 0,
 * then the share of samples that nothing found up to epsilon fools. A model without a verified outcome
 * for every sample and attack has no curve. Throws MODEL_NOT_FOUND, NAME_AMBIGUOUS, NO_ACTIVE_SET,
 * ATTACK_SET_NOT_FOUND, ATTACK_NOT_FOUND and THREAT_MODEL_NOT_FOUND.
 */
export function robustnessCurve(context: Context, request: CurveRequest): RobustnessCurveView {
  const attacks = resolveAttacks(context, request.attacks);
  const models = request.models.map((name) => findModel(context, name));
  const threat = chosenThreatModel(context, request.threatModel);
  const view = { attacks: labels(attacks), classes: request.classes, epsilons: [], models: [] };
  if (!threat) return { ...view, threatModel: null, norm: request.norm };
  const norm = request.norm ?? threat.threat.norm;
  const positions = positionsAmong(context, threat.id, request.classes);
  const scored = models.map(({ id, name }) => ({
    modelId: id,
    model: name,
    ...scoreAmong(context, id, attacks, threat, { norm, positions }),
  }));
  const epsilons =
    request.epsilons === "auto"
      ? automaticEpsilons(scored.flatMap(({ worst }) => worst ?? []))
      : request.epsilons;
  const limits = epsilonLimits(context, threat, norm, epsilons);
  return {
    ...view,
    threatModel: threatModelView(context, threat),
    norm,
    epsilons,
    models: scored.map(({ modelId, model, score, worst }) => ({
      modelId,
      model,
      verified: score.verified,
      needed: score.needed,
      reason: score.state === "incomplete" ? score.reason : null,
      robustAccuracy: worst && robustAccuracies(worst, limits),
    })),
  };
}

function automaticEpsilons(worst: readonly WorstCase[]): number[] {
  let largest = 0;
  for (const { smallest } of worst)
    for (const distance of smallest)
      if (distance !== Infinity && distance > largest) largest = distance;
  if (largest === 0) return [0];
  return Array.from({ length: automaticPoints }, (_, i) => (largest * i) / (automaticPoints - 1));
}

function labels(attacks: readonly CatalogAttack[]): string[] {
  return attacks.map(({ definition }) => attackLabel(definition));
}

/**
 * What there is of each model under each attack, in the order of the attacks; models are those with
 * any evaluation under the threat model, the newest first. Throws NO_ACTIVE_SET,
 * ATTACK_SET_NOT_FOUND, ATTACK_NOT_FOUND and THREAT_MODEL_NOT_FOUND.
 */
export function robustnessMatrix(
  context: Context,
  request: { attacks: string | string[]; threatModel: string | null },
): RobustnessMatrixView {
  const attacks = resolveAttacks(context, request.attacks);
  const threat = chosenThreatModel(context, request.threatModel);
  if (!threat) return { attacks: labels(attacks), threatModel: null, models: [] };
  const cells = Map.groupBy(context.catalog.outcomes.cells(threat.id), ({ modelId }) => modelId);
  const samples = threat.sampleSet.indexes.length;
  return {
    attacks: labels(attacks),
    threatModel: threatModelView(context, threat),
    models: context.catalog.models
      .list()
      .flatMap((model) => matrixRow(model, attacks, cells.get(model.id), samples)),
  };
}

function matrixRow(
  { id, name }: CatalogModel,
  attacks: readonly CatalogAttack[],
  cells: readonly Cell[] | undefined,
  samples: number,
): RobustnessMatrixView["models"] {
  if (!cells) return [];
  const byAttack = new Map(cells.map((cell) => [cell.attackId, cell]));
  return [
    {
      modelId: id,
      model: name,
      cells: attacks.map((attack) => {
        const cell = byAttack.get(attack.id);
        const facts = cell?.facts ?? null;
        return {
          evaluation: cell?.evaluationId ?? null,
          state: cell?.state ?? "absent",
          verified: facts?.verified ?? 0,
          needed: samples,
          median: facts?.median ?? null,
          found: facts && facts.tried > 0 ? facts.found / facts.tried : null,
        };
      }),
    },
  ];
}
