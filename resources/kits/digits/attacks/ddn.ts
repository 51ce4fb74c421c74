import { crossEntropyWeights } from "./cross-entropy.ts";
import { norm, step } from "./geometry.ts";
import { Search } from "./search.ts";
import { numberOption, type Task } from "./task.ts";

/**
 * Decoupled direction and norm (Rony et al. 2019, arXiv:1811.09600, algorithm 1): the perturbation
 * follows the loss gradient, while its norm shrinks by gamma whenever the sample is adversarial and
 * grows by gamma whenever it is not, so that it walks along the boundary. The step length falls
 * from 1 to 0.01 along a cosine. Without the paper's quantisation to 8 bits, since adversarials are
 * kept in float32.
 *
 * Queries per sample: 2 * steps + 1 (201).
 */
export async function attack(task: Task): Promise<Float32Array> {
  const search = new Search(task);
  const steps = numberOption(task, "steps", 100);
  const gamma = numberOption(task, "gamma", 0.05);
  const range = task.bounds[1] - task.bounds[0];
  const all = search.samples();
  const radius = new Float64Array(search.count).fill(range);
  const largest = Float64Array.from(all, (i) => largestDistance(search.clean(i), task.bounds));
  const delta = new Float64Array(search.size);

  let answers = await search.askLogits(all);
  for (let k = 0; k < steps; k++) {
    const stepLength = range * (0.01 + 0.99 * 0.5 * (1 + Math.cos((Math.PI * k) / steps)));
    const weights = all.map((i) => crossEntropyWeights(answers[i].logits, task.labels[i]));
    const gradients = await search.askGradients(all, weights);
    for (const i of all) {
      const candidate = search.candidate(i);
      const clean = search.clean(i);
      const length = norm(gradients[i]) || 1;
      for (let j = 0; j < delta.length; j++)
        delta[j] = candidate[j] - clean[j] + (stepLength / length) * gradients[i][j];
      const change = answers[i].adversarial ? 1 - gamma : 1 + gamma;
      radius[i] = Math.min(radius[i] * change, largest[i]);
      step(candidate, clean, delta, radius[i] / (norm(delta) || 1), task.bounds);
    }
    answers = await search.askLogits(all);
  }
  return search.result();
}

/** How far from `row` the bounds allow to go. */
function largestDistance(row: Float32Array, [low, high]: Task["bounds"]): number {
  return norm(row.map((value) => Math.max(value - low, high - value)));
}
