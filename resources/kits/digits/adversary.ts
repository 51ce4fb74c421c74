import { crossEntropy } from "./nn/losses.ts";
import type { Network } from "./nn/network.ts";

/** How far and how hard training digits are perturbed. */
export interface Adversary {
  /** The largest L2 norm of a perturbation, on pixels in [0, 1]. */
  epsilon: number;
  steps: number;
}

/**
 * Replaces the network's input by a nearby image that it finds harder: the inner maximisation of
 * adversarial training, projected gradient descent in the L2 ball (Madry et al. 2018,
 * arXiv:1706.06083, section 2.1), here without a random start. It always climbs the cross-entropy,
 * because the margin loss has no gradient once an image is well classified.
 *
 * Runs the network forward and returns its logits at the new input.
 */
export function perturbInput(network: Network, label: number, adversary: Adversary): Float64Array {
  const { epsilon, steps } = adversary;
  const { input } = network;
  const clean = input.slice();
  const delta = new Float64Array(input.length);
  const dLogits = new Float64Array(network.outputSize);
  // Enough to cross the ball from one side to the other.
  const stepSize = (2 * epsilon) / steps;
  let logits = network.forward();
  for (let step = 0; step < steps; step++) {
    crossEntropy(logits, label, dLogits);
    const gradient = network.inputGradient(dLogits);
    const length = norm(gradient);
    if (length === 0) break;
    for (let i = 0; i < delta.length; i++) delta[i] += (stepSize / length) * gradient[i];
    const scale = Math.min(1, epsilon / norm(delta));
    for (let i = 0; i < delta.length; i++) {
      input[i] = Math.min(1, Math.max(0, clean[i] + scale * delta[i]));
      delta[i] = input[i] - clean[i];
    }
    logits = network.forward();
  }
  return logits;
}

function norm(vector: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += vector[i] * vector[i];
  return Math.sqrt(sum);
}
