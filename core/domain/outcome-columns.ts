/**
 * Sample outcomes as columns: one array per fact, one entry per position of the threat model's
 * sample set. This is how they are stored and how every question about robustness is answered.
 */
import type { Outcome } from "../../shared/schemas/samples.ts";

/** What does not depend on the attack. NaN where there is no record of a sample. */
export type CleanColumns = {
  label: Float64Array;
  prediction: Float64Array;
  /** The largest distance that any input within the bounds can have, in the threat model's norm. */
  worstCase: Float64Array;
};

/** One evaluation's outcomes; arrays of equal length. */
export type OutcomeColumns = {
  /** The same object for evaluations that found the same: then it need not be compared. */
  clean: CleanColumns;
  /** What happened, as `outcomeStatus` packs it. */
  status: Uint8Array;
  /** Verified distance of the adversarial in the norm asked for; NaN where none was found. */
  distance: Float64Array;
};

export type Verdict = "verified" | "rejected" | "missing";

/**
 * A status byte, part of the stored layout: bits 0-2 the outcome (0 none, 1-5 as named, 6 another
 * text), bits 3-4 the verdict (0 no record, 1 missing, 2 rejected, 3 verified), bit 5 the clean
 * prediction is wrong, bit 6 the attack claimed another distance, bit 7 the sample is recorded twice.
 */
const outcomes: readonly (Outcome | null)[] = [
  null,
  "fooled",
  "not-fooled",
  "misclassified",
  "budget-spent",
  "error",
];
const otherOutcome = 6;
const verdicts: readonly (Verdict | null)[] = [null, "missing", "rejected", "verified"];
const cleanWrongBit = 1 << 5;
const mismatchBit = 1 << 6;
const doubledBit = 1 << 7;

/** The status of a position without a record. */
export const noRecord = 0;

const codes = new Map<string | null, number>(outcomes.map((outcome, code) => [outcome, code]));

/** The code of an outcome in 0..6; 6 stands for a text that is none of ours. */
export function outcomeCode(outcome: string | null): number {
  return codes.get(outcome) ?? otherOutcome;
}

/** The outcome of a code; null for none, and for 6, whose text stands elsewhere. */
export function outcomeOfCode(code: number): Outcome | null {
  return outcomes[code] ?? null;
}

/** What a status byte is made of; `claim_mismatch` is 0 or 1. */
type StatusFacts = {
  outcome: string | null;
  verdict: Verdict;
  label: number;
  clean_pred: number;
  claim_mismatch: number;
};

function outcomeStatus(record: StatusFacts): number {
  return (
    outcomeCode(record.outcome) |
    (verdicts.indexOf(record.verdict) << 3) |
    (record.label === record.clean_pred ? 0 : cleanWrongBit) |
    (record.claim_mismatch === 1 ? mismatchBit : 0)
  );
}

/** The samples of a threat model in order, and the place of each. */
export type SampleOrder = { ids: readonly string[]; positionOf: ReadonlyMap<string, number> };

/**
 * Puts records at the positions of their samples. Beside stand those of samples outside the set,
 * and second records of a sample: which of its records would count? None does.
 */
export function placeRecords<T extends StatusFacts & { sample: string }>(
  records: readonly T[],
  { ids, positionOf }: SampleOrder,
): { placed: (T | undefined)[]; status: Uint8Array; beside: T[] } {
  const status = new Uint8Array(ids.length);
  const placed: (T | undefined)[] = Array.from({ length: ids.length });
  const beside: T[] = [];
  for (const [index, record] of records.entries()) {
    const position = ids[index] === record.sample ? index : positionOf.get(record.sample);
    if (position === undefined) beside.push(record);
    else if (placed[position]) {
      beside.push(record);
      status[position] = (status[position] ?? noRecord) | doubledBit;
    } else {
      placed[position] = record;
      status[position] = outcomeStatus(record);
    }
  }
  return { placed, status, beside };
}

/** What a status byte says; `verdict` is null where there is no record. */
export function readStatus(status: number) {
  return {
    outcome: outcomeOfCode(status & 7),
    verdict: verdicts[(status >> 3) & 3] ?? null,
    claimMismatch: (status & mismatchBit) !== 0,
  };
}

/** How an outcome counts in a score. */
export const counting = {
  /** Errors, rejections, what is missing, and what is recorded twice: never as not fooled. */
  not: 0,
  /** The model is wrong already; there is nothing to attack. */
  misclassified: 1,
  /** Fooled; counts only with a finite distance. */
  fooled: 2,
  /** Tried and not fooled. */
  withstood: 3,
} as const;

/** How each status byte counts, by the status. */
export const countingOfStatus: Uint8Array = Uint8Array.from({ length: 256 }, (_, status) => {
  const { outcome, verdict } = readStatus(status);
  if (verdict !== "verified" || (status & doubledBit) !== 0) return counting.not;
  if (outcome === "misclassified" || (status & cleanWrongBit) !== 0) return counting.misclassified;
  if (outcome === "fooled") return counting.fooled;
  return outcome === "not-fooled" || outcome === "budget-spent" ? counting.withstood : counting.not;
});

/** The same outcomes at some positions only, in the order given. */
export function takePositions(
  { clean, status, distance }: OutcomeColumns,
  positions: Int32Array,
  cleanOf: (clean: CleanColumns) => CleanColumns = (all) => takeClean(all, positions),
): OutcomeColumns {
  const taken = new Uint8Array(positions.length);
  for (let i = 0; i < positions.length; i++) taken[i] = status[positions[i] ?? 0] ?? noRecord;
  return { clean: cleanOf(clean), status: taken, distance: takeNumbers(distance, positions) };
}

export function takeClean(clean: CleanColumns, positions: Int32Array): CleanColumns {
  return {
    label: takeNumbers(clean.label, positions),
    prediction: takeNumbers(clean.prediction, positions),
    worstCase: takeNumbers(clean.worstCase, positions),
  };
}

function takeNumbers(values: Float64Array, positions: Int32Array): Float64Array {
  const taken = new Float64Array(positions.length);
  for (let i = 0; i < positions.length; i++) taken[i] = values[positions[i] ?? 0] ?? Number.NaN;
  return taken;
}

/** The positions whose label is one of `classes`, ascending. */
export function positionsOfClasses(label: Float64Array, classes: readonly number[]): Int32Array {
  const positions: number[] = [];
  for (let i = 0; i < label.length; i++)
    if (classes.includes(label[i] ?? Number.NaN)) positions.push(i);
  return Int32Array.from(positions);
}
