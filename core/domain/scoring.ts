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
  /**
   * False where the attack works at one fixed epsilon, by itself or by the threat model: then only
   * the distances of adversarials found count. Default true.
   */
  minimal?: boolean;
  outcomes: readonly SampleOutcome[];
};

export type AttackSummary = {
  attack: string;
  /** Verified outcomes, of how many needed. */
  verified: number;
  needed: number;
  /** Samples with a verified outcome that the model classifies rightly, so that it was attacked. */
  tried: number;
  /** Samples that the model classifies rightly and this attack fooled. */
  found: number;
  /**
   * Median by the rule of the score with this attack alone; null until all are verified, and for
   * an attack at a fixed epsilon, which tells no smallest distances.
   */
  median: number | null;
  /**
   * Share of all samples that the model classifies rightly and this attack did not fool, for an
   * attack at a fixed epsilon; null until all are verified.
   */
  robustAccuracy: number | null;
  /** Samples that this attack fooled and no attack of the set fooled at a smaller distance. */
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
 * attack is incomplete: errors, rejections and what has not run never count as not fooled. So is
 * one that only attacks at a fixed epsilon have tried: what they miss may lie just beyond it.
 * @param samples number of samples of the threat model
 */
export function scoreModel(attacks: readonly AttackOutcomes[], samples: number): Score {
  const usable = attacks.map(({ outcomes }) => usableOutcomes(outcomes));
  const needed = attacks.length * samples;
  const verified = usable.reduce((sum, { size }) => sum + size, 0);
  const reason =
    verified < needed || needed === 0
      ? `${verified} of ${needed} outcomes verified`
      : whyNotComparable(attacks, usable, samples);
  const perSample = reason === null ? combine(attacks, usable) : [];
  const smallest = new Map(perSample.map(({ sample, distance }) => [sample, distance]));
  const perAttack = attacks.map((attack, index) =>
    summarise(attack, usable[index] ?? new Map(), samples, smallest),
  );
  const common = { verified, needed, perAttack };
  if (reason !== null) return { ...common, state: "incomplete", reason };
  const distances = perSample.map(({ distance }) => distance);
  const right = [...(usable[0]?.values() ?? [])].filter((outcome) => !isMisclassified(outcome));
  return {
    ...common,
    state: "complete",
    score: median(distances),
    interval: bootstrapMedianInterval(distances),
    cleanAccuracy: right.length / samples,
    perSample,
  };
}

/**
 * Share of samples that no found distance up to `epsilon` fools; misclassified ones are fooled.
 * For arrays that were rounded to float32 give the limit that verification used (`epsilonLimit`).
 */
export function robustAccuracyAt(perSample: readonly SampleScore[], epsilon: number): number {
  const robust = perSample.filter(({ distance, worstCase }) => worstCase || distance > epsilon);
  return robust.length / perSample.length;
}

type Usable = ReadonlyMap<string, SampleOutcome>;

/** The outcomes that count, by sample. A sample that is named twice has none: which would it be? */
function usableOutcomes(outcomes: readonly SampleOutcome[]): Usable {
  const usable = new Map<string, SampleOutcome>();
  const seen = new Set<string>();
  for (const outcome of outcomes) {
    if (seen.has(outcome.sample)) usable.delete(outcome.sample);
    else if (isUsable(outcome)) usable.set(outcome.sample, outcome);
    seen.add(outcome.sample);
  }
  return usable;
}

function isUsable(outcome: SampleOutcome): boolean {
  if (outcome.verdict !== "verified") return false;
  if (isMisclassified(outcome)) return true;
  if (outcome.outcome === "fooled") return Number.isFinite(outcome.distance);
  return outcome.outcome === "not-fooled" || outcome.outcome === "budget-spent";
}

function isMisclassified({ outcome, label, cleanPrediction }: SampleOutcome): boolean {
  return outcome === "misclassified" || label !== cleanPrediction;
}

/** The distance at which a sample was fooled; null when it was not, or is not attacked at all. */
function foundDistance(outcome: SampleOutcome): number | null {
  return outcome.outcome === "fooled" && !isMisclassified(outcome) ? outcome.distance : null;
}

/** Why complete outcomes cannot be joined to a score, or null. */
function whyNotComparable(
  attacks: readonly AttackOutcomes[],
  usable: readonly Usable[],
  samples: number,
): string | null {
  if (attacks.every(({ minimal }) => minimal === false))
    return "every attack of the set works at a fixed epsilon: that gives no score";
  const clean = new Map<string, string>();
  for (const outcome of usable.flatMap((outcomes) => [...outcomes.values()])) {
    const { sample, label, cleanPrediction } = outcome;
    const said = JSON.stringify([label, cleanPrediction, isMisclassified(outcome)]);
    if ((clean.get(sample) ?? said) !== said)
      return `the model's clean prediction of ${sample} differs between evaluations`;
    clean.set(sample, said);
  }
  return clean.size === samples ? null : "the attacks were not given the same samples";
}

/** The smallest distance per sample, in the order of the first attack's outcomes. */
function combine(attacks: readonly AttackOutcomes[], usable: readonly Usable[]): SampleScore[] {
  return [...(usable[0]?.values() ?? [])].map((first) => {
    const { sample } = first;
    if (isMisclassified(first)) return { sample, distance: 0, worstCase: false, by: null };
    let best: SampleScore = { sample, distance: first.worstCase, worstCase: true, by: null };
    attacks.forEach(({ attack }, index) => {
      const outcome = usable[index]?.get(sample);
      const distance = outcome ? foundDistance(outcome) : null;
      if (distance !== null && (best.worstCase || distance < best.distance))
        best = { sample, distance, worstCase: false, by: attack };
    });
    return best;
  });
}

function summarise(
  attack: AttackOutcomes,
  usable: Usable,
  samples: number,
  smallest: ReadonlyMap<string, number>,
): AttackSummary {
  const outcomes = [...usable.values()];
  const tried = outcomes.filter((outcome) => !isMisclassified(outcome)).length;
  const found = outcomes.filter((outcome) => foundDistance(outcome) !== null);
  const isMinimal = attack.minimal !== false;
  const isComplete = samples > 0 && usable.size === samples;
  const own = isComplete && isMinimal ? combine([attack], [usable]) : null;
  return {
    attack: attack.attack,
    verified: usable.size,
    needed: samples,
    tried,
    found: found.length,
    median: own ? median(own.map(({ distance }) => distance)) : null,
    robustAccuracy: isComplete && !isMinimal ? (tried - found.length) / samples : null,
    bestOn: found.filter((outcome) => foundDistance(outcome) === smallest.get(outcome.sample))
      .length,
  };
}
