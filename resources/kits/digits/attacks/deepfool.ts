import { dot, norm, step } from "./geometry.ts";
import { Search } from "./search.ts";
import { numberOption, type Task } from "./task.ts";

/**
 * DeepFool (Moosavi-Dezfooli et al. 2016, arXiv:1511.04599, algorithm 2): takes the model as
 * linear, moves to the nearest boundary between the label and another class, and repeats until
 * the sample is adversarial; the sum of moves is lengthened by the overshoot. As in the authors'
 * code only the `candidates` classes with the largest clean logits, the label's among them, are
 * considered.
 *
 * Queries per sample: iterations * (candidates + 1) + 1 at most (221).
 */
export async function attack(task: Task): Promise<Float32Array> {
  const search = new Search(task);
  const iterations = numberOption(task, "iterations", 20);
  const overshoot = numberOption(task, "overshoot", 0.02);
  const candidates = numberOption(task, "candidates", 10);
  const moved = search.samples().map(() => new Float64Array(search.size));

  let active = search.samples();
  let answers = await search.askLogits(active);
  const rivals = answers.map(({ logits }, i) =>
    [...logits.keys()]
      .filter((k) => k !== task.labels[i])
      .sort((a, b) => logits[b] - logits[a])
      .slice(0, candidates - 1),
  );
  for (let k = 0; k < iterations && active.length > 0; k++) {
    const moves = await nearestBoundaries(
      search,
      active,
      answers.map((answer) => answer.logits),
      rivals,
    );
    for (const [row, i] of active.entries()) {
      const { normal, length } = moves[row];
      const total = moved[i];
      for (let j = 0; j < total.length; j++) total[j] += length * normal[j];
      step(search.candidate(i), search.clean(i), total, 1 + overshoot, task.bounds);
    }
    answers = await search.askLogits(active);
    const going = [...active.keys()].filter((row) => !answers[row].adversarial);
    active = going.map((row) => active[row]);
    answers = going.map((row) => answers[row]);
  }
  return search.result();
}

/** A way of `length` times the vector `normal`. */
interface Move {
  normal: Float32Array;
  length: number;
}

/**
 * For each sample the way to the nearest boundary of the model made linear at its candidate:
 * perpendicular to it, with the given length in units of `normal` (algorithm 2, lines 8 to 10).
 */
async function nearestBoundaries(
  search: Search,
  samples: readonly number[],
  logits: readonly Float32Array[],
  rivals: readonly number[][],
): Promise<Move[]> {
  const { classes, labels } = search.task;
  const nearest = samples.map((): Move & { distance: number } => ({
    normal: new Float32Array(search.size),
    length: 0,
    distance: Infinity,
  }));
  // One rival of every sample at a time, so that a model can keep what it computed of the same rows.
  for (let k = 0; k < (rivals[0]?.length ?? 0); k++) {
    const weights = samples.map((i) => {
      const weight = new Float32Array(classes);
      weight[rivals[i][k]] = 1;
      weight[labels[i]] = -1;
      return weight;
    });
    const normals = await search.askGradients(samples, weights);
    for (const [row, i] of samples.entries()) {
      const normal = freeToMove(normals[row], search.candidate(i), search.task.bounds);
      const square = dot(normal, normal);
      const gap = Math.abs(logits[row][rivals[i][k]] - logits[row][labels[i]]);
      const distance = gap / norm(normal);
      if (square === 0 || !(distance < nearest[row].distance)) continue;
      // The authors' code adds 1e-4 too: exactly on the boundary the label may still win.
      nearest[row] = { normal, length: (gap + 1e-4) / square, distance };
    }
  }
  return nearest;
}

/**
 * The parts of a direction along which the bounds let a row move; the others are zero. Without this
 * the moves of pixels that are black or white already come to nothing, and the sample stays short of
 * the boundary for ever (the paper knows no bounds).
 */
function freeToMove(
  direction: Float32Array,
  row: Float32Array,
  [low, high]: Task["bounds"],
): Float32Array {
  return direction.map((part, j) =>
    (row[j] <= low && part < 0) || (row[j] >= high && part > 0) ? 0 : part,
  );
}
