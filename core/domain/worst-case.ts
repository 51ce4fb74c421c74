import { counting, countingOfStatus, type OutcomeColumns } from "./outcome-columns.ts";

/** One attack's outcomes on a model; none when it has not run. */
export type AttackOutcomes = {
  attack: string;
  /**
   * False where the attack works at one fixed epsilon, by itself or by the threat model: then only
   * the distances of adversarials found count. Default true.
   */
  minimal?: boolean;
  outcomes: OutcomeColumns | null;
};

/** The worst that any attack of a set did to each sample. */
export type WorstCase = {
  /**
   * The smallest distance at which a sample was fooled: 0 where it is misclassified, Infinity where
   * every attack tried and none fooled it.
   */
  smallest: Float64Array;
  /** Index of the attack with the smallest distance, the first of equals; -1 for none. */
  by: Int16Array;
  /** Samples that the model classifies rightly. */
  right: number;
  /** By attack: on how many samples it has the smallest distance; equals count for each of them. */
  bestOn: number[];
};

export type Combined = {
  /** Outcomes that count, of how many needed. */
  verified: number;
  needed: number;
} & ({ worst: WorstCase; reason: null } | { worst: null; reason: string });

/**
 * Joins the outcomes of several attacks on a model to the worst case per sample. There is none,
 * with a reason, unless every attack has a verified outcome for every sample: errors, rejections and
 * what has not run never count as not fooled. Nor is there one when only attacks at a fixed epsilon
 * have tried: what they miss may lie just beyond it.
 * @param samples number of samples
 * @param idOf the id of the sample at a position, for the reason
 */
export function combineAttacks(
  attacks: readonly AttackOutcomes[],
  samples: number,
  idOf: (position: number) => string,
): Combined {
  const needed = attacks.length * samples;
  const state: State = {
    smallest: new Float64Array(samples).fill(Infinity),
    by: new Int16Array(samples).fill(-1),
    wrong: new Uint8Array(samples),
    wrongDiffers: -1,
    ties: [],
  };
  let verified = 0;
  let attackIndex = 0;
  for (const { outcomes } of attacks) {
    if (outcomes) verified += takeIn(state, outcomes, attackIndex);
    attackIndex++;
  }
  if (verified < needed || needed === 0) return notAllVerified(verified, needed);
  const incomplete = (reason: string) => ({ verified, needed, worst: null, reason });
  if (attacks.every(({ minimal }) => minimal === false))
    return incomplete("every attack of the set works at a fixed epsilon: that gives no score");
  const differs = whereCleanDiffers(attacks) ?? state.wrongDiffers;
  if (differs >= 0)
    return incomplete(
      `the model's clean prediction of ${idOf(differs)} differs between evaluations`,
    );
  return { verified, needed, worst: finish(state, attacks), reason: null };
}

/** What there is to say as long as outcomes are missing. */
export function notAllVerified(verified: number, needed: number): Combined {
  const reason = `${verified} of ${needed} outcomes verified`;
  return { verified, needed, worst: null, reason };
}

type State = {
  smallest: Float64Array;
  by: Int16Array;
  /** 1 where the first attack's outcomes say that the model is wrong already. */
  wrong: Uint8Array;
  /** A position where another attack's say otherwise; -1 for none. */
  wrongDiffers: number;
  /**
   * Where an attack came to a distance that was the smallest then, if not the first to do so, as
   * attack x samples + position: of distances in l0 nearly all can be.
   */
  ties: number[];
};

/**
 * Lowers the smallest distances to those of one attack. Returns how many of its outcomes count. Nearly
 * all of the time that a leaderboard computes is spent here.
 */
function takeIn(state: State, { status, distance }: OutcomeColumns, attack: number): number {
  const { smallest, by, wrong } = state;
  const samples = smallest.length;
  let verified = 0;
  for (let i = 0; i < samples; i++) {
    const counts = countingOfStatus[status[i] ?? 0] ?? counting.not;
    if (counts === counting.not) continue;
    if (attack === 0 && counts === counting.misclassified) wrong[i] = 1;
    if ((wrong[i] === 1) !== (counts === counting.misclassified)) state.wrongDiffers = i;
    if (counts === counting.fooled) {
      const found = distance[i] ?? Number.NaN;
      if (!(found < Infinity)) continue;
      const least = smallest[i] ?? 0;
      if (found < least) {
        smallest[i] = found;
        by[i] = attack;
      } else if (found === least) state.ties.push(attack * samples + i);
    }
    verified++;
  }
  return verified;
}

function finish(
  { smallest, by, wrong, ties }: State,
  attacks: readonly AttackOutcomes[],
): WorstCase {
  const samples = smallest.length;
  const bestOn = attacks.map(() => 0);
  const count = (attack: number) => (bestOn[attack] = (bestOn[attack] ?? 0) + 1);
  let right = 0;
  for (let i = 0; i < samples; i++) {
    if (wrong[i] === 1) smallest[i] = 0;
    else right++;
    const first = by[i] ?? -1;
    if (first >= 0) count(first);
  }
  for (const tie of ties) {
    const position = tie % samples;
    const attack = (tie - position) / samples;
    // Another attack may have come lower since.
    if (attacks[attack]?.outcomes?.distance[position] === smallest[position]) count(attack);
  }
  return { smallest, by, right, bestOn };
}

/** A position whose label or clean prediction differs between attacks, or null. */
function whereCleanDiffers(attacks: readonly AttackOutcomes[]): number | null {
  const first = attacks[0]?.outcomes?.clean;
  for (const { outcomes } of attacks) {
    // Mostly it is the same object, for the same is kept once.
    if (!first || !outcomes || outcomes.clean === first) continue;
    const { label, prediction } = outcomes.clean;
    for (let i = 0; i < label.length; i++)
      if (label[i] !== first.label[i] || prediction[i] !== first.prediction[i]) return i;
  }
  return null;
}

/**
 * The accuracy-epsilon curve: the share of samples that no found distance up to each epsilon fools,
 * in [0, 1]; misclassified ones are fooled at 0. For arrays that were rounded to float32 give the
 * limits that verification used (`epsilonLimit`).
 */
export function robustAccuracies({ smallest }: WorstCase, epsilons: readonly number[]): number[] {
  return epsilons.map((epsilon) => {
    let robust = 0;
    for (let i = 0; i < smallest.length; i++) if ((smallest[i] ?? 0) > epsilon) robust++;
    return robust / smallest.length;
  });
}
