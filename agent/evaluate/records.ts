/** Sample records and their summary. */
import type { Outcome, SampleRecord } from "../../shared/schemas/samples.ts";
import type { Prediction } from "../model/predictions.ts";
import { finiteOrNull } from "../model/predictions.ts";
import type { Claim } from "./claims.ts";
import type { SampleAccount } from "./gate.ts";
import type { Settled } from "./settle.ts";

const longestError = 2_000;

/** What is known of a sample before it is attacked. */
export type CleanSample = {
  sample: string;
  index: number;
  label: number;
  seed: number;
  reproducible: boolean;
  clean: Prediction;
};

/** The record of a sample that was not attacked: the model is wrong about it as it is. */
export function misclassifiedRecord(sample: CleanSample): SampleRecord {
  return { ...baseRecord(sample), outcome: "misclassified" };
}

/** What the attack on one sample came to. */
export type Attacked = {
  account: SampleAccount;
  /** Whether the sample's budget was spent. */
  spent: boolean;
  gradZero: boolean | null;
  /** The sample's share of its batch's time. */
  ms: number;
  /** Null where the attack failed, with the reason in `error`. */
  settled: Settled | null;
  error: string | null;
  claim: Claim | null;
};

export function attackedRecord(sample: CleanSample, attacked: Attacked): SampleRecord {
  const { account, settled, claim } = attacked;
  const measured: SampleRecord = {
    ...baseRecord(sample),
    outcome: outcomeOf(attacked),
    forwards: account.forwards,
    backwards: account.backwards,
    grad_zero: attacked.gradZero,
    nonfinite: !sample.clean.finite || account.nonfinite || (settled?.nonfinite ?? false),
    silent: settled?.silent ?? false,
    ms: attacked.ms,
    ...(attacked.error !== null && { error: attacked.error.slice(0, longestError) }),
  };
  const found = settled?.found;
  if (found) {
    measured.adv_pred = found.pred;
    measured.adv_margin = finiteOrNull(found.margin);
    Object.assign(measured, found.distances);
    measured.queries_to_best = found.queriesToBest;
  }
  // Where the gate's row took the place of the attack's, the claims are about another row.
  return claim && !settled?.silent ? { ...measured, ...claim } : measured;
}

function outcomeOf({ settled, spent }: Attacked): Outcome {
  if (!settled) return "error";
  if (settled.found) return "fooled";
  return spent ? "budget-spent" : "not-fooled";
}

function baseRecord(sample: CleanSample): SampleRecord {
  const { clean } = sample;
  return {
    sample: sample.sample,
    index: sample.index,
    label: sample.label,
    clean_pred: clean.pred,
    clean_margin: finiteOrNull(clean.margin),
    outcome: "misclassified",
    adv_pred: null,
    adv_margin: null,
    l0: null,
    l1: null,
    l2: null,
    linf: null,
    start_l2: null,
    forwards: 0,
    backwards: 0,
    queries_to_best: null,
    grad_zero: null,
    nonfinite: !clean.finite,
    silent: false,
    reproducible: sample.reproducible,
    seed: sample.seed,
    ms: 0,
  };
}

/** The contents of `out/summary.json`: the records in numbers. */
export class Summary {
  readonly #counts: Record<Outcome, number> = {
    fooled: 0,
    "not-fooled": 0,
    misclassified: 0,
    "budget-spent": 0,
    error: 0,
  };
  readonly #distances: number[] = [];
  #forwards = 0;
  #backwards = 0;
  #samples = 0;

  add(record: SampleRecord): void {
    this.#samples++;
    this.#counts[record.outcome]++;
    this.#forwards += record.forwards;
    this.#backwards += record.backwards;
    if (record.outcome !== "misclassified") this.#distances.push(record.l2 ?? Infinity);
  }

  get fooled(): number {
    return this.#counts.fooled;
  }

  get attacked(): number {
    return this.#samples - this.#counts.misclassified;
  }

  /** `median_l2` is over attacked samples; null when most of them were not fooled, or none is there. */
  toJson(seconds: number) {
    return {
      samples: this.#samples,
      ...this.#counts,
      median_l2: finiteOrNull(median(this.#distances)),
      forwards: this.#forwards,
      backwards: this.#backwards,
      seconds,
    };
  }
}

/** Of an even number of values the mean of the two in the middle; NaN of none. */
function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  return upper === lower ? upper : (lower + upper) / 2;
}
