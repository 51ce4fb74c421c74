import { perturbInput, type Adversary } from "./adversary.ts";
import { createNetwork, parameterCount, predictedClass } from "./architecture.ts";
import { losses } from "./nn/losses.ts";
import type { Digits } from "./run-folder.ts";

/** Samples of one chunk, the unit of parallel work. */
export const chunkSize = 4;

/**
 * What all threads see. A minibatch is cut into chunks at fixed places; each chunk has its own
 * gradient, and these are summed in their order. So the result is the same bit for bit however
 * many threads share the chunks.
 */
export interface SharedWork {
  digits: Digits;
  loss: keyof typeof losses;
  adversary: Adversary | null;
  parameters: Float64Array;
  /** Sample indexes in this epoch's order. */
  order: Uint32Array;
  /** For each chunk of a minibatch, the sum of its samples' gradients. */
  gradients: Float64Array;
  /** For each chunk the sum of losses, then the number of samples classified correctly. */
  statistics: Float64Array;
}

/** Which part of the order to work on. */
export interface Minibatch {
  start: number;
  /** After the last sample. */
  end: number;
  /** Whether to perturb the digits before learning from them. */
  perturbed: boolean;
}

/** Memory for training in minibatches of at most `batchSize` that threads can share. */
export function createSharedWork(
  settings: Pick<SharedWork, "digits" | "loss" | "adversary">,
  batchSize: number,
): SharedWork {
  const chunks = Math.ceil(batchSize / chunkSize);
  const shared = (bytes: number) => new SharedArrayBuffer(bytes);
  const images = new Uint8Array(shared(settings.digits.images.length));
  images.set(settings.digits.images);
  return {
    ...settings,
    digits: { ...settings.digits, images },
    parameters: new Float64Array(shared(8 * parameterCount)),
    order: new Uint32Array(shared(4 * settings.digits.count)),
    gradients: new Float64Array(shared(8 * parameterCount * chunks)),
    statistics: new Float64Array(shared(8 * 2 * chunks)),
  };
}

/**
 * Returns a function that works on every `threads`-th chunk of a minibatch, from number `thread`
 * on, and leaves gradients and statistics in the shared memory.
 */
export function createGradientWorker(
  work: SharedWork,
  thread: number,
  threads: number,
): (minibatch: Minibatch) => void {
  const { digits, adversary, order, gradients, statistics } = work;
  const network = createNetwork(work.parameters);
  const loss = losses[work.loss];
  const dLogits = new Float64Array(network.outputSize);

  return ({ start, end, perturbed }) => {
    const chunks = Math.ceil((end - start) / chunkSize);
    for (let chunk = thread; chunk < chunks; chunk += threads) {
      const gradient = gradients.subarray(chunk * parameterCount, (chunk + 1) * parameterCount);
      gradient.fill(0);
      let lossSum = 0;
      let correct = 0;
      const first = start + chunk * chunkSize;
      for (let i = first; i < Math.min(first + chunkSize, end); i++) {
        const label = digits.labels[order[i]];
        loadDigit(digits, order[i], network.input);
        const logits =
          perturbed && adversary ? perturbInput(network, label, adversary) : network.forward();
        lossSum += loss(logits, label, dLogits);
        if (predictedClass(logits) === label) correct += 1;
        network.addParameterGradient(dLogits, gradient);
      }
      statistics[2 * chunk] = lossSum;
      statistics[2 * chunk + 1] = correct;
    }
  };
}

/** Writes digit `index` to `target` on [0, 1]. */
export function loadDigit(digits: Digits, index: number, target: Float64Array): void {
  const start = index * digits.pixels;
  for (let i = 0; i < digits.pixels; i++) target[i] = digits.images[start + i] / 255;
}

/** Sums what the chunks of a minibatch left, in their order, into `gradient`: the mean over samples. */
export function collectGradient(
  work: SharedWork,
  { start, end }: Minibatch,
  gradient: Float64Array,
): { loss: number; correct: number } {
  const count = end - start;
  gradient.fill(0);
  let loss = 0;
  let correct = 0;
  for (let chunk = 0; chunk < Math.ceil(count / chunkSize); chunk++) {
    const offset = chunk * parameterCount;
    for (let i = 0; i < gradient.length; i++) gradient[i] += work.gradients[offset + i];
    loss += work.statistics[2 * chunk];
    correct += work.statistics[2 * chunk + 1];
  }
  for (let i = 0; i < gradient.length; i++) gradient[i] /= count;
  return { loss, correct };
}
