import { crossEntropyWeights } from "./cross-entropy.ts";
import { distance, norm, step } from "./geometry.ts";
import { Search } from "./search.ts";
import { numberOption, type Task } from "./task.ts";

/**
 * Projected gradient descent in an L2 ball (Madry et al. 2018, arXiv:1706.06083, section 2.1) from
 * the clean sample, and the smallest ball that works: its radius is doubled until an adversarial is
 * found, then bisected for each sample. At last the way back to the clean sample is bisected, for
 * a ball is only as small as its radius was tried. At a fixed epsilon that radius is tried alone.
 *
 * Queries per sample: 2 * steps * radii + radii + bisections at most (295).
 */
export async function attack(task: Task): Promise<Float32Array> {
  const search = new Search(task);
  const steps = numberOption(task, "steps", 20);
  const radii = task.epsilon === null ? numberOption(task, "radii", 7) : 1;
  const bisections = numberOption(task, "bisections", 8);
  const [low, high] = task.bounds;
  // For a 28 x 28 image in [0, 1] this is 1.
  const firstRadius = task.epsilon ?? ((high - low) * Math.sqrt(search.size)) / 28;

  const all = search.samples();
  const failed = new Float64Array(search.count);
  const radius = new Float64Array(search.count).fill(firstRadius);
  for (let k = 0; k < radii; k++) {
    const before = search.distances.slice();
    await descend(search, all, radius, steps);
    for (const i of all) {
      if (search.distances[i] === before[i]) failed[i] = Math.max(failed[i], radius[i]);
      const worked = search.distances[i];
      radius[i] = worked === Infinity ? 2 * radius[i] : (failed[i] + worked) / 2;
    }
  }

  const found = all.filter((i) => search.distances[i] < Infinity);
  const deltas = found.map((i) => search.best(i).map((value, j) => value - search.clean(i)[j]));
  const lower = new Float64Array(search.count);
  const upper = new Float64Array(search.count).fill(1);
  for (let k = 0; k < bisections; k++) {
    for (const [row, i] of found.entries())
      step(
        search.candidate(i),
        search.clean(i),
        deltas[row],
        (lower[i] + upper[i]) / 2,
        task.bounds,
      );
    const answers = await search.askLogits(found);
    for (const [row, i] of found.entries()) {
      const middle = (lower[i] + upper[i]) / 2;
      if (answers[row].adversarial) upper[i] = middle;
      else lower[i] = middle;
    }
  }
  return search.result();
}

/**
 * One descent for each sample within its own radius; a sample stops at its first adversarial,
 * which lies at most on the ball's surface.
 */
async function descend(
  search: Search,
  samples: readonly number[],
  radius: Float64Array,
  steps: number,
): Promise<void> {
  const { bounds, labels } = search.task;
  for (const i of samples) search.candidate(i).set(search.clean(i));
  let active = samples;
  for (let k = 0; ; k++) {
    const answers = await search.askLogits(active);
    if (k === steps) return;
    const going = [...active.keys()].filter((row) => !answers[row].adversarial);
    active = going.map((row) => active[row]);
    const weights = going.map((row, at) =>
      crossEntropyWeights(answers[row].logits, labels[active[at]]),
    );
    const gradients = await search.askGradients(active, weights);
    for (const [row, i] of active.entries()) {
      const gradient = gradients[row];
      const length = norm(gradient);
      if (length === 0) continue;
      const candidate = search.candidate(i);
      const clean = search.clean(i);
      // 2.5 radii over all steps, as Madry et al. do: enough to reach any point of the ball.
      step(candidate, candidate, gradient, (2.5 * radius[i]) / steps / length, bounds);
      const far = distance(candidate, clean);
      if (far <= radius[i]) continue;
      for (let j = 0; j < candidate.length; j++)
        candidate[j] = clean[j] + (candidate[j] - clean[j]) * (radius[i] / far);
    }
  }
}
