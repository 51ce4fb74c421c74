import type { Random } from "../random.ts";

/**
 * One layer of a network, for one sample at a time: rows never meet, so a prediction is the same
 * bit for bit in every batch. Numbers are float64 inside, because a float32 array costs two
 * conversions per multiplication in JavaScript; images are stored as height x width x channels.
 */
export interface Layer {
  readonly inputSize: number;
  readonly outputSize: number;
  readonly parameterCount: number;
  /** Writes initial values to `parameters` (of length `parameterCount`). */
  initialise(parameters: Float64Array, random: Random): void;
  /** Writes the layer's output for input `x` to `y`. */
  forward(parameters: Float64Array, x: Float64Array, y: Float64Array): void;
  /**
   * The chain rule: from `dy`, the loss gradient with respect to `y`, writes the gradient with
   * respect to `x` to `dx`, and adds that of the parameters to `gradient`. Either may be null when
   * nobody needs it. `x` is that of the forward pass.
   */
  backward(
    parameters: Float64Array,
    x: Float64Array,
    dy: Float64Array,
    dx: Float64Array | null,
    gradient: Float64Array | null,
  ): void;
}
