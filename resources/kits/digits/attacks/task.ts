/**
 * What an attack is given and asked for: the interface between any model and any attack. Arrays
 * hold one row per sample; `rows` says which sample each row belongs to, so that queries count for
 * the right one.
 */

/** Access to the model. Beyond a sample's query budget its answers are NaN, -1 and zeros. */
export interface Model {
  /** m rows of samples -> m rows of `classes` logits. Not for decision-based attacks. */
  logits(x: Float32Array, rows?: readonly number[]): Promise<Float32Array>;
  /** m rows of samples -> m labels. */
  predict(x: Float32Array, rows?: readonly number[]): Promise<Int32Array>;
  /**
   * The gradient with respect to `x` of sum(d * logits(x)); `d` is m rows of `classes` weights.
   * Only for white-box attacks.
   */
  vjp(x: Float32Array, d: Float32Array, rows?: readonly number[]): Promise<Float32Array>;
}

export interface Task {
  model: Model;
  /** n clean samples, all classified correctly. */
  x: Float32Array;
  /** n true labels. */
  labels: Int32Array;
  /** Of one sample. */
  shape: readonly number[];
  /** Every number of a sample lies in [low, high]. */
  bounds: readonly [number, number];
  classes: number;
  /** The largest distance that counts, or null when the smallest is wanted. */
  epsilon: number | null;
  options: Readonly<Record<string, number | string | boolean>>;
  /** A generator of uniform numbers in [0, 1) for sample i, the same in every batch. */
  random(i: number): () => number;
}

/**
 * A number among the attack's options.
 *
 * @throws RangeError when it is given but not a number above zero.
 */
export function numberOption(task: Task, name: string, fallback: number): number {
  const value = task.options[name] ?? fallback;
  if (typeof value !== "number" || !(value > 0))
    throw new RangeError(`option ${name} must be a number above 0, not ${value}`);
  return value;
}
