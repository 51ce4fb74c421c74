import { distance, norm } from "./geometry.ts";
import type { Task } from "./task.ts";

/** What the model said to one row. */
export interface Answer {
  adversarial: boolean;
  /** Logits of the row; empty when only the label was asked for. */
  logits: Float32Array;
}

/**
 * The state of an attack on a batch: which samples are still at work, a candidate for each, and the
 * closest adversarial seen so far, which is what the attack returns.
 */
export class Search {
  readonly task: Task;
  /** Numbers per sample. */
  readonly size: number;
  /** Number of samples. */
  readonly count: number;
  /** The L2 distance of the best adversarial of each sample; Infinity without one. */
  readonly distances: Float64Array;
  readonly #candidates: Float32Array;
  readonly #best: Float32Array;

  constructor(task: Task) {
    this.task = task;
    this.count = task.labels.length;
    this.size = task.shape.reduce((product, side) => product * side, 1);
    this.distances = new Float64Array(this.count).fill(Infinity);
    this.#candidates = task.x.slice();
    this.#best = task.x.slice();
  }

  /** All samples, to begin with. */
  samples(): number[] {
    return Array.from({ length: this.count }, (_, i) => i);
  }

  /** The clean sample i. */
  clean(i: number): Float32Array {
    return this.#row(this.task.x, i);
  }

  /** The next point at which to ask the model about sample i; write to it. */
  candidate(i: number): Float32Array {
    return this.#row(this.#candidates, i);
  }

  /** The best adversarial of sample i, or the clean sample. */
  best(i: number): Float32Array {
    return this.#row(this.#best, i);
  }

  /** Asks for the logits of the samples' candidates and keeps adversarials; one forward each. */
  async askLogits(samples: readonly number[]): Promise<Answer[]> {
    const { classes, labels, model } = this.task;
    if (samples.length === 0) return [];
    const all = await model.logits(this.#gather(samples), samples);
    return samples.map((i, row) => {
      const logits = all.subarray(row * classes, (row + 1) * classes);
      return { adversarial: this.#judge(i, isClearlyWrong(logits, labels[i])), logits };
    });
  }

  /** Asks for the labels of the samples' candidates and keeps adversarials; one forward each. */
  async askLabels(samples: readonly number[]): Promise<Answer[]> {
    const { labels, model } = this.task;
    if (samples.length === 0) return [];
    const predicted = await model.predict(this.#gather(samples), samples);
    // -1 is no label: the budget is spent.
    return samples.map((i, row) => ({
      adversarial: this.#judge(i, predicted[row] >= 0 && predicted[row] !== labels[i]),
      logits: new Float32Array(0),
    }));
  }

  /**
   * Asks for the gradients of weighted logits at the samples' candidates; one backward each.
   *
   * @param weights one row of `classes` per sample in `samples`.
   * @returns one row per sample in `samples`; zeros where the gradient is not finite, since that
   *   points nowhere.
   */
  async askGradients(
    samples: readonly number[],
    weights: readonly Float32Array[],
  ): Promise<Float32Array[]> {
    const { classes, model } = this.task;
    if (samples.length === 0) return [];
    const d = new Float32Array(samples.length * classes);
    for (const [row, weight] of weights.entries()) d.set(weight, row * classes);
    const all = await model.vjp(this.#gather(samples), d, samples);
    return samples.map((_, row) => {
      const gradient = this.#row(all, row);
      return Number.isFinite(norm(gradient)) ? gradient : new Float32Array(this.size);
    });
  }

  /** n rows: the best adversarial of each sample, or the clean sample. */
  result(): Float32Array {
    return this.#best;
  }

  #judge(i: number, adversarial: boolean): boolean {
    if (!adversarial) return false;
    const length = distance(this.candidate(i), this.clean(i));
    if (length < this.distances[i]) {
      this.distances[i] = length;
      this.best(i).set(this.candidate(i));
    }
    return true;
  }

  #gather(samples: readonly number[]): Float32Array {
    const batch = new Float32Array(samples.length * this.size);
    for (const [row, i] of samples.entries()) batch.set(this.candidate(i), row * this.size);
    return batch;
  }

  #row(rows: Float32Array, i: number): Float32Array {
    return rows.subarray(i * this.size, (i + 1) * this.size);
  }
}

/**
 * Whether another class leads by more than rounding: the result is asked again in other batch
 * sizes, where the last digits of the logits may differ. False for NaN.
 */
export function isClearlyWrong(logits: Float32Array, label: number): boolean {
  let rival = -Infinity;
  let largest = 1;
  for (let k = 0; k < logits.length; k++) {
    largest = Math.max(largest, Math.abs(logits[k]));
    if (k !== label && logits[k] > rival) rival = logits[k];
  }
  return rival - logits[label] > 1e-6 * largest;
}
