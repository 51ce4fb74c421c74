/** What an attack in JavaScript or TypeScript is given. The names are a contract with its authors. */
import type { ParameterValue } from "../shared/schemas/scalars.ts";

/**
 * The model as the attack's access allows. Every row of `logits` and `predict` costs one forward,
 * every row of `vjp` one backward. `rows` says which sample of the batch (0..n-1) each of the m rows
 * belongs to; without it m must be n. Once a sample's budget is spent its rows answer NaN, -1 and
 * zeros. Calls that the access does not allow reject with an AccessError.
 */
export type AttackModel = {
  /** m*K logits of m samples, row-major. White-box and score-based attacks. */
  logits(x: Float32Array, rows?: ArrayLike<number>): Promise<Float32Array>;
  /** m predicted classes. */
  predict(x: Float32Array, rows?: ArrayLike<number>): Promise<Int32Array>;
  /** m*D: the gradient by x of sum(d * logits(x)), d being m*K. White-box attacks. */
  vjp(x: Float32Array, d: Float32Array, rows?: ArrayLike<number>): Promise<Float32Array>;
};

export type AttackTask = {
  model: AttackModel;
  /** n*D clean samples, row-major, all of them classified correctly. */
  x: Float32Array;
  labels: Int32Array;
  /** One sample's shape. */
  shape: number[];
  bounds: [number, number];
  /** K, the number of classes. */
  classes: number;
  /** The largest distance that counts, in the threat model's norm; null: the smaller the better. */
  epsilon: number | null;
  options: Record<string, ParameterValue>;
  /** A generator of uniform numbers in [0, 1) for sample i of the batch, always the same. */
  random(i: number): () => number;
};
