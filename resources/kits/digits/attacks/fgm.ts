import { crossEntropyWeights } from "./cross-entropy.ts";
import { norm, step } from "./geometry.ts";
import { Search } from "./search.ts";
import { numberOption, type Task } from "./task.ts";

/**
 * Fast gradient method: the fast gradient sign method of Goodfellow et al. 2015, arXiv:1412.6572,
 * section 4, with the L2 norm in place of the largest component (x + epsilon * g / |g|), and the
 * smallest epsilon that works: a line search from short to long, then bisection between the last
 * that failed and the first that worked.
 *
 * Queries per sample: 2 + lengths + bisections at most (52).
 */
export async function attack(task: Task): Promise<Float32Array> {
  const search = new Search(task);
  const lengths = numberOption(task, "lengths", 40);
  const bisections = numberOption(task, "bisections", 10);
  const [low, high] = task.bounds;
  // No two samples are farther apart than this.
  const diameter = (high - low) * Math.sqrt(search.size);
  const longest = Math.min(diameter, task.epsilon ?? Infinity);

  const all = search.samples();
  const clean = await search.askLogits(all);
  const directions = await search.askGradients(
    all,
    all.map((i) => crossEntropyWeights(clean[i].logits, task.labels[i])),
  );
  const lengthOf = directions.map(norm);
  const place = (i: number, epsilon: number) =>
    step(search.candidate(i), search.clean(i), directions[i], epsilon / lengthOf[i], task.bounds);

  const failed = new Float64Array(search.count);
  const worked = new Float64Array(search.count);
  let active = all.filter((i) => lengthOf[i] > 0);
  for (let k = 1; k <= lengths; k++) {
    // Denser where adversarials are usually found.
    const epsilon = longest * (k / lengths) ** 2;
    for (const i of active) place(i, epsilon);
    const answers = await search.askLogits(active);
    for (const [row, i] of active.entries())
      if (answers[row].adversarial) worked[i] = epsilon;
      else failed[i] = epsilon;
    active = active.filter((_, row) => !answers[row].adversarial);
  }

  const found = all.filter((i) => worked[i] > 0);
  for (let k = 0; k < bisections; k++) {
    for (const i of found) place(i, (failed[i] + worked[i]) / 2);
    const answers = await search.askLogits(found);
    for (const [row, i] of found.entries()) {
      const middle = (failed[i] + worked[i]) / 2;
      if (answers[row].adversarial) worked[i] = middle;
      else failed[i] = middle;
    }
  }
  return search.result();
}
