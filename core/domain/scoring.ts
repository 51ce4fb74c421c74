import {
  type CleanColumns,
  counting,
  countingOfStatus,
  type OutcomeColumns,
} from "./outcome-columns.ts";
import { medianInPlace, medianWithInterval } from "./statistics.ts";
import {
  type AttackOutcomes,
  combineAttacks,
  notAllVerified,
  type WorstCase,
} from "./worst-case.ts";

/**
 * What one attack alone says of a model. It is kept with the outcomes: a change of these rules has
 * to come with a migration that works it out anew and drops the kept scores.
 */
export type AttackFacts = {
  /** Outcomes that count. */
  verified: number;
  /** Samples with an outcome that counts and that the model classifies rightly, so it was attacked. */
  tried: number;
  /** Samples that the model classifies rightly and this attack fooled. */
  found: number;
  /**
   * Median by the rule of the score with this attack alone; null until all are verified, and for
   * an attack at a fixed epsilon, which tells no smallest distances.
   */
  median: number | null;
};

export type AttackSummary = AttackFacts & {
  attack: string;
  needed: number;
  /**
   * Share of all samples that the model classifies rightly and this attack did not fool, for an
   * attack at a fixed epsilon; null until all are verified.
   */
  robustAccuracy: number | null;
  /** Samples that this attack fooled and no attack of the set fooled at a smaller distance. */
  bestOn: number;
};

type Common = { verified: number; needed: number; perAttack: AttackSummary[] };

/** The score of a model as it is kept and shown. */
export type Score =
  | (Common & {
      state: "complete";
      score: number;
      /** Bootstrap 95 % interval of the score. */
      interval: [low: number, high: number];
      /** Share of the samples that the model classifies rightly, in [0, 1]. */
      cleanAccuracy: number;
      /** Samples that no attack fooled, which count the largest possible distance. */
      atWorstCase: number;
    })
  | (Common & { state: "incomplete"; reason: string });

/**
 * The score of a model over the attacks of a set: the median over samples of the smallest verified
 * distance. A misclassified clean sample counts 0; one that every attack tried and none fooled
 * counts the largest distance there is. A model without a verified outcome for every sample and
 * attack is incomplete (see `combineAttacks`); `worst` is null then.
 * @param attacks outcomes with distances in the threat model's norm; `facts` saves working them out,
 *   and where they tell of too few verified outcomes, the outcomes need not be given
 * @param samples number of samples
 * @param idOf the id of the sample at a position
 */
export function scoreModel(
  attacks: readonly (AttackOutcomes & { facts?: AttackFacts })[],
  samples: number,
  idOf: (position: number) => string = String,
): { score: Score; worst: WorstCase | null } {
  const alone = attacks.map(
    ({ minimal = true, outcomes, facts }) =>
      facts ?? (outcomes ? attackFacts(outcomes, minimal) : nothingFound),
  );
  const counted = alone.reduce((sum, own) => sum + own.verified, 0);
  const { verified, needed, worst, reason } =
    counted < attacks.length * samples
      ? notAllVerified(counted, attacks.length * samples)
      : combineAttacks(attacks, samples, idOf);
  const perAttack = attacks.map(({ attack, minimal = true }, index): AttackSummary => {
    const own = alone[index] ?? nothingFound;
    const isComplete = samples > 0 && own.verified === samples;
    return {
      attack,
      ...own,
      needed: samples,
      robustAccuracy: isComplete && !minimal ? (own.tried - own.found) / samples : null,
      bestOn: worst?.bestOn[index] ?? 0,
    };
  });
  const common = { verified, needed, perAttack };
  const clean = attacks[0]?.outcomes?.clean;
  if (!worst || !clean)
    return { score: { ...common, state: "incomplete", reason: reason ?? "" }, worst: null };
  const { distances, atWorstCase } = scoredDistances(worst, clean);
  const { median, interval } = medianWithInterval(distances);
  const cleanAccuracy = worst.right / samples;
  return {
    score: { ...common, state: "complete", score: median, interval, cleanAccuracy, atWorstCase },
    worst,
  };
}

const nothingFound: AttackFacts = { verified: 0, tried: 0, found: 0, median: null };

/** What one attack alone says. @param minimal false for an attack at a fixed epsilon */
export function attackFacts(
  { clean, status, distance }: OutcomeColumns,
  minimal: boolean,
): AttackFacts {
  const samples = status.length;
  const own = new Float64Array(samples);
  let verified = 0;
  let tried = 0;
  let found = 0;
  for (let i = 0; i < samples; i++) {
    const counts = countingOfStatus[status[i] ?? 0];
    const at = distance[i] ?? Number.NaN;
    if (counts === counting.not || (counts === counting.fooled && !Number.isFinite(at))) continue;
    verified++;
    if (counts === counting.misclassified) continue;
    tried++;
    if (counts === counting.fooled) found++;
    own[i] = counts === counting.fooled ? at : (clean.worstCase[i] ?? Number.NaN);
  }
  const isComplete = samples > 0 && verified === samples;
  return { verified, tried, found, median: isComplete && minimal ? medianInPlace(own) : null };
}

/** The distances that the score is the median of: what nobody fooled counts the largest there is. */
function scoredDistances({ smallest }: WorstCase, { worstCase }: CleanColumns) {
  const distances = smallest.slice();
  let atWorstCase = 0;
  for (let i = 0; i < distances.length; i++) {
    if (distances[i] !== Infinity) continue;
    distances[i] = worstCase[i] ?? Number.NaN;
    atWorstCase++;
  }
  return { distances, atWorstCase };
}
