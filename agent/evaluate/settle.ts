/** What an attack achieved for each sample of a batch: its answer against what the gate has seen. */
import type { Distances } from "../../core/domain/distance.ts";
import {
  checkBounds,
  clipToBounds,
  distancesBetween,
  epsilonLimit,
} from "../../core/domain/distance.ts";
import type { ThreatModel } from "../../shared/schemas/threat-model.ts";
import type { Model } from "../model/model.ts";
import { predictionOf } from "../model/predictions.ts";
import type { BestSeen, Gate } from "./gate.ts";

/** A returned row has to be this much farther than the best seen one to be replaced by it. */
const silentShare = 0.001;

export type Found = {
  row: Float32Array;
  distances: Distances;
  pred: number;
  /** Logit of the largest wrong class minus that of the label. */
  margin: number;
  /** Null for a row that the attack never asked the model about. */
  queriesToBest: number | null;
};

export type Settled = {
  found: Found | null;
  silent: boolean;
  /** Whether the returned row held a value that is not finite. */
  nonfinite: boolean;
  /** Whether the returned row lay outside the bounds, and so did not count. */
  outside: boolean;
};

export type SettleOptions = {
  model: Model;
  threat: ThreatModel;
  /** n*D clean samples and n labels of the gate's batch. */
  x: Float32Array;
  labels: Int32Array;
  size: number;
};

/**
 * Settles samples `from` to `to` of the gate's batch. A returned row counts when it lies within the
 * bounds (and epsilon, where there is one) and the model, asked once more at our cost, gives a wrong
 * class. The gate's best row takes its place when that one does not count, or is farther by over
 * 0.1 %.
 * @param returned the attack's rows of these samples, (to - from) * D; changed by clipping
 */
export async function settle(
  options: SettleOptions,
  gate: Gate,
  returned: Float32Array,
  from: number,
  to: number,
): Promise<Settled[]> {
  const { threat, x, size } = options;
  const limit =
    threat.epsilon === undefined
      ? Infinity
      : epsilonLimit(threat.epsilon, threat.norm, threat.bounds, size);
  const candidates = Array.from({ length: to - from }, (_, i) => {
    const row = returned.subarray(i * size, (i + 1) * size);
    const clean = x.subarray((from + i) * size, (from + i + 1) * size);
    const place = checkBounds(row, threat.bounds);
    if (place === "inside") clipToBounds(row, threat.bounds);
    const distances = place === "inside" ? distancesBetween(clean, row) : null;
    const best = gate.accounts[from + i]?.best ?? null;
    return { sample: from + i, row, clean, place, distances, best: within(best, limit) };
  });
  const unseen = candidates.filter(
    ({ distances, row, best }) =>
      distances && distances.l0 > 0 && distances[threat.norm] <= limit && !isRow(best, row),
  );
  const answers = await askAbout(options, unseen);
  return candidates.map((candidate) => {
    const { row, clean, distances, best, place } = candidate;
    const seen = isRow(best, row) ? best : null;
    const answer = seen ?? answers.get(candidate.sample) ?? null;
    const own: Found | null =
      answer && distances
        ? {
            row,
            distances,
            pred: answer.pred,
            margin: answer.margin,
            queriesToBest: seen?.queries ?? null,
          }
        : null;
    const silent =
      best !== null && (!own || best.distance < own.distances[threat.norm] * (1 - silentShare));
    const found = silent && best ? fromGate(best, clean) : own;
    return {
      found,
      silent,
      nonfinite: place === "not-finite",
      outside: place === "out-of-bounds",
    };
  });
}

function within(best: BestSeen | null, limit: number): BestSeen | null {
  return best && best.distance <= limit ? best : null;
}

function isRow(best: BestSeen | null, row: Float32Array): boolean {
  return best !== null && best.row.every((value, i) => value === row[i]);
}

function fromGate(best: BestSeen, clean: Float32Array): Found {
  return {
    row: best.row,
    distances: distancesBetween(clean, best.row),
    pred: best.pred,
    margin: best.margin,
    queriesToBest: best.queries,
  };
}

/** Asks the model about rows the gate does not know as best; keeps those it gets wrong. */
async function askAbout(
  { model, labels, size }: SettleOptions,
  rows: { sample: number; row: Float32Array }[],
): Promise<Map<number, { pred: number; margin: number }>> {
  const wrong = new Map<number, { pred: number; margin: number }>();
  if (rows.length === 0) return wrong;
  const batch = new Float32Array(rows.length * size);
  rows.forEach(({ row }, i) => batch.set(row, i * size));
  const logits = await model.logits(batch, rows.length);
  rows.forEach(({ sample }, i) => {
    const label = labels[sample] ?? -1;
    const { pred, margin } = predictionOf(logits, i, model.classes, label);
    if (pred !== label && pred !== -1) wrong.set(sample, { pred, margin: -margin });
  });
  return wrong;
}
