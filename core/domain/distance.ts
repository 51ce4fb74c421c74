/**
 * Distances between a clean sample and its adversarial, in float64, on the input's bounds; and how
 * large they can get. The one place with this arithmetic: attacks are never asked for it.
 */
import type { Norm } from "../../shared/schemas/threat-model.ts";

/** A distance in each norm; all are >= 0, and 0 only for equal rows. */
export type Distances = Record<Norm, number>;

/** Arrays may leave the bounds by this much, absolutely; they are clipped then. */
export const boundsTolerance = 1e-6;

/** Half the distance of 1 to the next float32: the relative error of one rounding to float32. */
const float32Rounding = 2 ** -24;

/**
 * Distances between two samples of equal length. With D values per sample on bounds [0, 1]:
 * `l0` is the number of values that differ (0..D), `l1` the sum of absolute differences (0..D),
 * `l2` the Euclidean distance (0..sqrt(D)), `linf` the largest absolute difference (0..1).
 * A value that is not finite makes l1, l2 and linf NaN or infinite.
 */
export function distancesBetween(x: Float32Array, y: Float32Array): Distances {
  if (x.length !== y.length)
    throw new RangeError(`samples of ${x.length} and ${y.length} values cannot be compared`);
  let l0 = 0;
  let l1 = 0;
  let squares = 0;
  let linf = 0;
  for (let i = 0; i < x.length; i++) {
    const difference = Math.abs((y[i] ?? 0) - (x[i] ?? 0));
    // Not `> 0`: NaN has to be counted.
    if (difference === 0) continue;
    l0++;
    l1 += difference;
    squares += difference * difference;
    if (difference > linf) linf = difference;
  }
  return { l0, l1, l2: Math.sqrt(squares), linf: Number.isNaN(l1) ? Number.NaN : linf };
}

/**
 * The largest distance in `norm` that any sample within the bounds can have from `x`: every value
 * goes to the farther bound, max(x - low, high - x). For l2 this is sqrt(sum of its squares), the
 * "worst-case adversarial" that the NIPS 2018 Adversarial Vision Challenge registered where an
 * attack found nothing.
 */
export function worstCaseDistance(
  x: Float32Array,
  norm: Norm,
  [low, high]: readonly [number, number],
): number {
  let sum = 0;
  let largest = 0;
  for (const value of x) {
    const farthest = Math.max(value - low, high - value);
    if (norm === "l1") sum += farthest;
    if (norm === "l2") sum += farthest * farthest;
    largest = Math.max(largest, farthest);
  }
  switch (norm) {
    case "l0":
      return x.length;
    case "l1":
      return sum;
    case "l2":
      return Math.sqrt(sum);
    case "linf":
      return largest;
  }
}

/**
 * The largest distance that still counts as within `epsilon`: epsilon, a millionth of it, and what
 * storing D values as float32 can add. Without the last part an attack that goes exactly to a small
 * epsilon in float32 would be over it: x + 1/255 is off by up to 3e-8, eight millionths of 1/255.
 * @param size D, the number of values of a sample
 */
export function epsilonLimit(
  epsilon: number,
  norm: Norm,
  [low, high]: readonly [number, number],
  size: number,
): number {
  // Twice: the perturbation is rounded, then the sum.
  const perValue = 2 * float32Rounding * Math.max(Math.abs(low), Math.abs(high));
  const values = { l0: 0, l1: size, l2: Math.sqrt(size), linf: 1 }[norm];
  return epsilon * (1 + 1e-6) + perValue * values;
}

/** Whether every value is finite and within the bounds, give or take `boundsTolerance`. */
export function checkBounds(
  row: Float32Array,
  [low, high]: readonly [number, number],
): "inside" | "out-of-bounds" | "not-finite" {
  let outside = false;
  for (const value of row) {
    if (!Number.isFinite(value)) return "not-finite";
    if (value < low - boundsTolerance || value > high + boundsTolerance) outside = true;
  }
  return outside ? "out-of-bounds" : "inside";
}

/** Moves every value to the nearest one within the bounds, in place. */
export function clipToBounds(row: Float32Array, [low, high]: readonly [number, number]): void {
  for (let i = 0; i < row.length; i++) {
    const value = row[i] ?? 0;
    if (value < low) row[i] = low;
    else if (value > high) row[i] = high;
  }
}
