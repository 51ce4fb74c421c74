/** Euclidean geometry of single rows; sums are float64. */

export type Bounds = readonly [low: number, high: number];

/** The L2 norm. */
export function norm(row: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += row[i] * row[i];
  return Math.sqrt(sum);
}

/** The L2 distance of two rows. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return Math.sqrt(sum);
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** target = origin + factor * direction, moved into the bounds number by number. */
export function step(
  target: Float32Array,
  origin: ArrayLike<number>,
  direction: ArrayLike<number>,
  factor: number,
  [low, high]: Bounds,
): void {
  for (let i = 0; i < target.length; i++) {
    const value = origin[i] + factor * direction[i];
    target[i] = value < low ? low : value > high ? high : value;
  }
}
