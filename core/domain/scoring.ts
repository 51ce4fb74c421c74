import { bootstrapMedianInterval, median } from "./statistics.ts";

/** What scoring needs to know of one sample under one attack. */
export type SampleOutcome = {
  sample: string;
  /** Null where the evaluation left no record. */
  outcome: string | null;
  verdict: "verified" | "rejected" | "missing";
  /** Verified distance of the adversarial in the threat model's norm; null where none was found. */
  distance: number | null;
  /** The largest distance that any input within the bounds can have. */
  worstCase: number;
  label: number;
  cleanPrediction: number;
};

/** One attack's outcomes on a model, in the order of the sample set; none when it has not run. */
export type AttackOutcomes = {
  attack: string;
  outcomes: readonly SampleOutcome[];
};

export type AttackSummary = {
  attack: string;
  /** Verified outcomes, of how many needed. */
  verified: number;
  needed: number;
  /** Samples that the model classifies rightly and this attack fooled. */
  found: number;
  /** Median by the rule of the score with this attack alone; null until all are verified. */
  median: number | null;
  /** Samples on which no attack of the set found a smaller distance. */
  bestOn: number;
};

export type SampleScore = {
  sample: string;
  distance: number;
  /** True when no attack fooled it and it counts the largest possible distance. */
  worstCase: boolean;
  /** The attack with the smallest distance; null for a misclassified or never fooled sample. */
  by: string | null;
};

type Common = { verified: number; needed: number; perAttack: AttackSummary[] };

export type Score =
  | (Common & {
      state: "complete";
      score: number;
      /** Bootstrap 95 % interval of the score. */
      interval: [low: number, high: number];
      /** Share of the samples that the model classifies rightly, in [0, 1]. */
      cleanAccuracy: number;
      perSample: SampleScore[];
    })
  | (Common & { state: "incomplete"; reason: string });

/**
 * The score of a model over the attacks of a set: the median over samples of the smallest verified
 * distance. A misclassified clean sample counts 0; one that every attack tried and none fooled
 * counts the largest distance there is. A model without a verified outcome for every sample and
 * attack is incomplete: errors, rejections and what has not run never count as not fooled.
 * @param samples number of samples of the threat model
 */
export function scoreModel(attacks: readonly AttackOutcomes[], samples: number): Score {
  const needed = attacks.length * samples;
  const counts = attacks.map(({ outcomes }) => outcomes.filter(isVerified).length);
  const verified = counts.reduce((sum, count) => sum + count, 0);
  const isComplete = needed > 0 && counts.every((count) => count === samples);
  const disagreement = isComplete ? findDisagreement(attacks) : undefined;
  const perSample = isComplete && !disagreement ? combine(attacks) : [];
  const perAttack = attacks.map((attack, index): AttackSummary => {
    const own = counts[index] === samples && samples > 0 ? combine([attack]) : undefined;
    return {
      attack: attack.attack,
      verified: counts[index] ?? 0,
      needed: samples,
      found: attack.outcomes.filter((outcome) => isVerified(outcome) && isFooled(outcome)).length,
      median: own ? median(own.map(({ distance }) => distance)) : null,
      bestOn: perSample.filter(({ by }) => by === attack.attack).length,
    };
  });
  const common = { verified, needed, perAttack };
  if (!isComplete)
    return { ...common, state: "incomplete", reason: `${verified} of ${needed} outcomes verified` };
  if (disagreement)
    return {
      ...common,
      state: "incomplete",
      reason: `the model's clean prediction of ${disagreement} differs between evaluations`,
    };
  const distances = perSample.map(({ distance }) => distance);
  const [first] = attacks;
  const right = first?.outcomes.filter(({ label, cleanPrediction }) => label === cleanPrediction);
  return {
    ...common,
    state: "complete",
    score: median(distances),
    interval: bootstrapMedianInterval(distances),
    cleanAccuracy: (right?.length ?? 0) / samples,
    perSample,
  };
}

/** Share of samples that no found distance up to `epsilon` fools; misclassified ones are fooled. */
export function robustAccuracyAt(perSample: readonly SampleScore[], epsilon: number): number {
  const robust = perSample.filter(({ distance, worstCase }) => worstCase || distance > epsilon);
  return robust.length / perSample.length;
}

function isVerified({ verdict }: SampleOutcome): boolean {
  return verdict === "verified";
}

function isFooled({ outcome, distance }: SampleOutcome): boolean {
  return outcome === "fooled" && distance !== null;
}

/** A sample whose clean prediction the evaluations do not agree on. */
function findDisagreement(attacks: readonly AttackOutcomes[]): string | undefined {
  const predictions = new Map<string, number>();
  for (const { outcomes } of attacks)
    for (const { sample, cleanPrediction } of outcomes) {
      const before = predictions.get(sample);
      if (before !== undefined && before !== cleanPrediction) return sample;
      predictions.set(sample, cleanPrediction);
    }
  return undefined;
}

/** The smallest distance per sample, in the order of the first attack's outcomes. */
function combine(attacks: readonly AttackOutcomes[]): SampleScore[] {
  const best = new Map<string, SampleScore>();
  for (const { attack, outcomes } of attacks)
    for (const outcome of outcomes) {
      const { sample } = outcome;
      const before = best.get(sample);
      const found = scoreOutcome(attack, outcome);
      if (!before || found.distance < before.distance) best.set(sample, found);
    }
  return [...best.values()];
}

function scoreOutcome(attack: string, outcome: SampleOutcome): SampleScore {
  const { sample } = outcome;
  if (outcome.label !== outcome.cleanPrediction)
    return { sample, distance: 0, worstCase: false, by: null };
  if (isFooled(outcome) && outcome.distance !== null)
    return { sample, distance: outcome.distance, worstCase: false, by: attack };
  return { sample, distance: outcome.worstCase, worstCase: true, by: null };
}
