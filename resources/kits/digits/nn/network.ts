import type { Random } from "../random.ts";
import type { Layer } from "./layer.ts";

/**
 * Layers one after the other, for one sample at a time. Its arrays are reused: copy what must
 * outlive the next call.
 */
export class Network {
  readonly inputSize: number;
  readonly outputSize: number;
  /** Of all layers, one after the other; write to it to change the network. */
  readonly parameters: Float64Array;
  readonly #layers: readonly Layer[];
  /** Layer i reads activations[i] and writes activations[i + 1]. */
  readonly #activations: Float64Array[];
  /** The loss gradients with respect to the activations. */
  readonly #gradients: Float64Array[];
  readonly #views: Float64Array[];

  /**
   * @param parameters where the parameters live, such as memory shared with other threads; zeros
   *   when absent.
   * @throws RangeError when neighbouring layers or the parameters do not fit.
   */
  constructor(layers: readonly Layer[], parameters?: Float64Array) {
    const first = layers[0];
    const last = layers.at(-1);
    if (!first || !last) throw new RangeError("a network needs a layer");
    for (const [i, layer] of layers.entries())
      if (i > 0 && layers[i - 1].outputSize !== layer.inputSize)
        throw new RangeError(`layer ${i} does not take what layer ${i - 1} gives`);
    const count = layers.reduce((sum, layer) => sum + layer.parameterCount, 0);
    this.parameters = parameters ?? new Float64Array(count);
    if (this.parameters.length !== count)
      throw new RangeError(`expected ${count} parameters, got ${this.parameters.length}`);
    this.inputSize = first.inputSize;
    this.outputSize = last.outputSize;
    this.#layers = layers;
    this.#activations = [this.inputSize, ...layers.map((layer) => layer.outputSize)].map(
      (size) => new Float64Array(size),
    );
    this.#gradients = this.#activations.map((activation) => new Float64Array(activation.length));
    this.#views = this.#split(this.parameters);
  }

  initialise(random: Random): void {
    for (const [i, layer] of this.#layers.entries()) layer.initialise(this.#views[i], random);
  }

  /** The input of the next forward pass; fill it, then call forward. */
  get input(): Float64Array {
    return this.#activations[0];
  }

  /** Runs `input` through the layers. Returns the logits. */
  forward(): Float64Array {
    const layers = this.#layers;
    for (let i = 0; i < layers.length; i++)
      layers[i].forward(this.#views[i], this.#activations[i], this.#activations[i + 1]);
    return this.logits;
  }

  /** Of the last forward pass. */
  get logits(): Float64Array {
    return this.#activations[this.#layers.length];
  }

  /**
   * The gradient with respect to the input of the last forward pass, from `dLogits`, the gradient
   * with respect to the logits (a vector-Jacobian product).
   */
  inputGradient(dLogits: Float64Array): Float64Array {
    this.#backward(dLogits, null);
    return this.#gradients[0];
  }

  /** Adds the parameters' gradient of the last forward pass to `gradient`. */
  addParameterGradient(dLogits: Float64Array, gradient: Float64Array): void {
    this.#backward(dLogits, this.#split(gradient));
  }

  #backward(dLogits: Float64Array, parameterGradients: Float64Array[] | null): void {
    this.#gradients[this.#layers.length].set(dLogits);
    for (let i = this.#layers.length - 1; i >= 0; i--) {
      // While training, nobody asks for the gradient of the first layer's input.
      const inputWanted = i > 0 || parameterGradients === null;
      this.#layers[i].backward(
        this.#views[i],
        this.#activations[i],
        this.#gradients[i + 1],
        inputWanted ? this.#gradients[i] : null,
        parameterGradients && parameterGradients[i],
      );
    }
  }

  #split(all: Float64Array): Float64Array[] {
    let start = 0;
    return this.#layers.map((layer) => all.subarray(start, (start += layer.parameterCount)));
  }
}
