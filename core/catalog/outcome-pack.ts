import { createHash } from "node:crypto";
import type { Norm } from "../../shared/schemas/threat-model.ts";
import {
  noRecord,
  outcomeCode,
  outcomeOfCode,
  placeRecords,
  readStatus,
  type SampleOrder,
  type Verdict,
} from "../domain/outcome-columns.ts";
import { type AttackFacts, attackFacts } from "../domain/scoring.ts";
import { fromJson, fromNullableJson } from "./json.ts";
import { packNumbers, unpackNumbers } from "./number-column.ts";

/** All that is known of one attacked sample, as SQL shows it; flags are 0 or 1. */
export type StoredOutcome = {
  sample: string;
  label: number;
  outcome: string | null;
  verdict: Verdict;
  reason: string | null;
  detail: string | null;
  clean_pred: number;
  clean_margin: number;
  adv_pred: number | null;
  adv_margin: number | null;
  l0: number | null;
  l1: number | null;
  l2: number | null;
  linf: number | null;
  worst_case: number;
  claim_mismatch: number;
  claimed_outcome: string | null;
  claimed_l2: number | null;
  forwards: number | null;
  backwards: number | null;
  queries_to_best: number | null;
  grad_zero: number | null;
  silent: number | null;
  milliseconds: number | null;
};

type NumberOf = (record: StoredOutcome) => number | null;

/** One function per column: reading a property by a changing name takes several times as long. */
const detailNumbers = {
  clean_margin: (record) => record.clean_margin,
  adv_pred: (record) => record.adv_pred,
  adv_margin: (record) => record.adv_margin,
  claimed_outcome: (record) => outcomeCode(record.claimed_outcome),
  claimed_l2: (record) => record.claimed_l2,
  forwards: (record) => record.forwards,
  backwards: (record) => record.backwards,
  queries_to_best: (record) => record.queries_to_best,
  grad_zero: (record) => record.grad_zero,
  silent: (record) => record.silent,
  milliseconds: (record) => record.milliseconds,
} as const satisfies Partial<Record<keyof StoredOutcome, NumberOf>>;
const distances = {
  l0: (record) => record.l0,
  l1: (record) => record.l1,
  l2: (record) => record.l2,
  linf: (record) => record.linf,
} as const satisfies Record<Norm, NumberOf>;
const texts = ["outcome", "reason", "detail", "claimed_outcome"] as const;

/** The positions that hold a text, by text, by column. */
type Texts = Record<(typeof texts)[number], Record<string, number[]>>;

export type CleanRow = { label: Buffer; clean_pred: Buffer; worst_case: Buffer };
export type BlockRow = AttackFacts & { samples: number; status: Buffer; distance: Buffer };
export type DetailRow = Record<keyof typeof detailNumbers, Buffer> &
  Record<Norm, Buffer | null> & { texts_json: string; extra_json: string | null };
export type PackedOutcomes = {
  clean: CleanRow & { hash: string };
  block: BlockRow;
  detail: DetailRow;
};

/**
 * Packs the records of an evaluation into columns over the positions of its sample set. Nothing is
 * lost: a sample outside the set and a second record of one are kept beside, and count for nothing.
 * @param norm the threat model's, whose distances stand with the block
 * @param minimal false where the attack works at a fixed epsilon
 */
export function packOutcomes(
  records: readonly StoredOutcome[],
  order: SampleOrder,
  norm: Norm,
  minimal: boolean,
): PackedOutcomes {
  const samples = order.ids.length;
  const { placed, status, beside } = placeRecords(records, order);
  const column = (of: (record: StoredOutcome) => number | null): Float64Array => {
    const values = new Float64Array(samples);
    for (let i = 0; i < samples; i++) {
      const record = placed[i];
      values[i] = (record && of(record)) ?? Number.NaN;
    }
    return values;
  };
  const label = column((record) => record.label);
  const prediction = column((record) => record.clean_pred);
  const worstCase = column((record) => record.worst_case);
  const distance = column(distances[norm]);
  const facts = attackFacts({ clean: { label, prediction, worstCase }, status, distance }, minimal);
  const clean = {
    label: packNumbers(label),
    clean_pred: packNumbers(prediction),
    worst_case: packNumbers(worstCase),
  };
  const packed = mapValues(detailNumbers, (of) => packNumbers(column(of)));
  const packedDistances = mapValues(distances, (of) => packNumbers(column(of)));
  return {
    clean: { ...clean, hash: hashOf([clean.label, clean.clean_pred, clean.worst_case]) },
    block: {
      ...facts,
      samples,
      status: Buffer.from(status.buffer),
      distance: packedDistances[norm],
    },
    detail: {
      ...packed,
      ...packedDistances,
      // It stands with the block.
      [norm]: null,
      texts_json: JSON.stringify(collectTexts(placed)),
      extra_json: beside.length === 0 ? null : JSON.stringify(beside),
    },
  };
}

/** Names what differs, so lengths go in: no two triples of columns are joined to the same bytes. */
function hashOf(columns: readonly Buffer[]): string {
  const hash = createHash("sha256");
  for (const column of columns) hash.update(`${column.length} `).update(column);
  return hash.digest("hex");
}

function collectTexts(placed: readonly (StoredOutcome | undefined)[]): Texts {
  const found = {
    outcome: new Map<string, number[]>(),
    reason: new Map<string, number[]>(),
    detail: new Map<string, number[]>(),
    claimed_outcome: new Map<string, number[]>(),
  };
  const note = (column: keyof Texts, text: string | null, position: number) => {
    if (text === null) return;
    const positions = found[column].get(text);
    if (positions) positions.push(position);
    else found[column].set(text, [position]);
  };
  for (const [position, record] of placed.entries()) {
    if (!record) continue;
    note("reason", record.reason, position);
    note("detail", record.detail, position);
    // Outcomes have codes; only a text that is none of ours is kept as such.
    if (isOther(record.outcome)) note("outcome", record.outcome, position);
    if (isOther(record.claimed_outcome)) note("claimed_outcome", record.claimed_outcome, position);
  }
  return {
    outcome: Object.fromEntries(found.outcome),
    reason: Object.fromEntries(found.reason),
    detail: Object.fromEntries(found.detail),
    claimed_outcome: Object.fromEntries(found.claimed_outcome),
  };
}

function isOther(outcome: string | null): boolean {
  return outcome !== null && outcomeOfCode(outcomeCode(outcome)) === null;
}

/** A record with its place in the sample set; null for one that has no place of its own. */
export type PlacedOutcome = StoredOutcome & { position: number | null };

/** The records that were packed: by position, then those beside. */
export function unpackOutcomes(
  { ids }: SampleOrder,
  norm: Norm,
  clean: CleanRow,
  block: Pick<BlockRow, "status" | "distance">,
  detail: DetailRow,
): PlacedOutcome[] {
  const samples = ids.length;
  const column = (bytes: Buffer) => {
    const values = unpackNumbers(bytes, samples);
    return (i: number) => nullable(values[i]);
  };
  const label = column(clean.label);
  const cleanPrediction = column(clean.clean_pred);
  const worstCase = column(clean.worst_case);
  const distanceAt = mapValues(distances, (_, name) =>
    column(name === norm ? block.distance : (detail[name] ?? block.distance)),
  );
  const numbers = mapValues(detailNumbers, (_, name) => column(detail[name]));
  const textAt = textsByPosition(detail.texts_json, samples);
  const records: PlacedOutcome[] = [];
  for (const [position, sample] of ids.entries()) {
    const { outcome, verdict, claimMismatch } = readStatus(block.status[position] ?? noRecord);
    if (verdict === null) continue;
    records.push({
      position,
      sample,
      label: label(position) ?? Number.NaN,
      outcome: outcome ?? textAt.outcome(position),
      verdict,
      reason: textAt.reason(position),
      detail: textAt.detail(position),
      clean_pred: cleanPrediction(position) ?? Number.NaN,
      clean_margin: numbers.clean_margin(position) ?? Number.NaN,
      adv_pred: numbers.adv_pred(position),
      adv_margin: numbers.adv_margin(position),
      l0: distanceAt.l0(position),
      l1: distanceAt.l1(position),
      l2: distanceAt.l2(position),
      linf: distanceAt.linf(position),
      worst_case: worstCase(position) ?? Number.NaN,
      claim_mismatch: claimMismatch ? 1 : 0,
      claimed_outcome:
        outcomeOfCode(numbers.claimed_outcome(position) ?? 0) ?? textAt.claimed_outcome(position),
      claimed_l2: numbers.claimed_l2(position),
      forwards: numbers.forwards(position),
      backwards: numbers.backwards(position),
      queries_to_best: numbers.queries_to_best(position),
      grad_zero: numbers.grad_zero(position),
      silent: numbers.silent(position),
      milliseconds: numbers.milliseconds(position),
    });
  }
  const extra = fromNullableJson<StoredOutcome[]>(detail.extra_json) ?? [];
  return [...records, ...extra.map((record) => ({ ...record, position: null }))];
}

/** How many records of an evaluation did not verify, by reason or else verdict, most first. */
export function countRejections(
  status: Uint8Array,
  textsJson: string,
  extraJson: string | null,
): { reason: string; count: number }[] {
  const reasonAt = textsByPosition(textsJson, status.length).reason;
  const counts = new Map<string, number>();
  const note = (verdict: Verdict | null, reason: string | null) => {
    if (verdict === null || verdict === "verified") return;
    const name = reason ?? verdict;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  };
  for (const [position, byte] of status.entries())
    note(readStatus(byte).verdict, reasonAt(position));
  for (const { verdict, reason } of fromNullableJson<StoredOutcome[]>(extraJson) ?? [])
    note(verdict, reason);
  return [...counts]
    .map(([reason, count]) => ({ reason, count }))
    .toSorted((a, b) => b.count - a.count);
}

function nullable(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value;
}

function textsByPosition(
  json: string,
  samples: number,
): Record<keyof Texts, (position: number) => string | null> {
  const stored = fromJson<Texts>(json);
  const spread = (column: keyof Texts) => {
    const at: (string | undefined)[] = Array.from({ length: samples });
    for (const [text, positions] of Object.entries(stored[column]))
      for (const position of positions) at[position] = text;
    return (position: number) => at[position] ?? null;
  };
  return {
    outcome: spread("outcome"),
    reason: spread("reason"),
    detail: spread("detail"),
    claimed_outcome: spread("claimed_outcome"),
  };
}

function mapValues<K extends string, V, W>(
  object: Readonly<Record<K, V>>,
  map: (value: V, key: K) => W,
): Record<K, W> {
  const entries = Object.entries<V>(object) as [K, V][];
  return Object.fromEntries(entries.map(([key, value]) => [key, map(value, key)])) as Record<K, W>;
}
