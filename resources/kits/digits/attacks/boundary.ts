import { distance, norm, step } from "./geometry.ts";
import { fillNormal } from "./noise.ts";
import { Search } from "./search.ts";
import { numberOption, type Task } from "./task.ts";

/** Draws of noise until one is adversarial. */
const startDraws = 25;
const startBisections = 10;
/** One step in this many also asks about the point before the move inwards. */
const probeInterval = 8;
/** By how much the lengths of the moves change after each answer. */
const sidewaysChange = 1.1;
const inwardsChange = 1.08;

/** A random walk of one sample. Both lengths are relative to the distance from the clean sample. */
interface Walk {
  i: number;
  random: () => number;
  /** Length of the random move sideways. */
  sideways: number;
  /** Length of the move towards the clean sample. */
  inwards: number;
}

/**
 * The boundary attack (Brendel et al. 2018, arXiv:1712.04248, section 2 and algorithm 1): from an
 * adversarial far away a random walk along the boundary, each step a move on the sphere around the
 * clean sample and one towards it; both lengths adapt so that about half of the moves sideways and
 * a quarter of whole steps stay adversarial (section 2.4). It sees labels only.
 *
 * It starts at uniform noise, blended with the clean sample as far as that stays adversarial.
 * Queries per sample: steps * 1.125 + 35 at most (598).
 */
export async function attack(task: Task): Promise<Float32Array> {
  const search = new Search(task);
  const steps = numberOption(task, "steps", 500);
  const randoms = search.samples().map((i) => task.random(i));
  const started = await start(search, randoms);
  const walks: Walk[] = started.map((i) => ({
    i,
    random: randoms[i],
    sideways: 0.3,
    inwards: 0.1,
  }));
  const noise = new Float32Array(search.size);
  for (let k = 0; k < steps; k++) {
    for (const walk of walks) moveSideways(search, walk, noise);
    if (k % probeInterval === 0) {
      const answers = await search.askLabels(started);
      for (const [row, walk] of walks.entries())
        walk.sideways *= answers[row].adversarial ? sidewaysChange : 1 / sidewaysChange;
    }
    for (const { i, inwards } of walks) {
      const candidate = search.candidate(i);
      const clean = search.clean(i);
      for (let j = 0; j < candidate.length; j++)
        candidate[j] += inwards * (clean[j] - candidate[j]);
    }
    const answers = await search.askLabels(started);
    // Three times as much up as down: in balance when a quarter of the steps succeed.
    for (const [row, walk] of walks.entries()) {
      const change = answers[row].adversarial ? inwardsChange ** 3 : 1 / inwardsChange;
      walk.inwards = Math.min(0.5, walk.inwards * change);
    }
  }
  return search.result();
}

/**
 * Gives each sample an adversarial near the line from its noise to the clean sample. Returns the
 * samples for which noise was found.
 */
async function start(search: Search, randoms: (() => number)[]): Promise<number[]> {
  const [low, high] = search.task.bounds;
  let missing = search.samples();
  for (let draw = 0; draw < startDraws && missing.length > 0; draw++) {
    for (const i of missing) {
      const candidate = search.candidate(i);
      for (let j = 0; j < candidate.length; j++) candidate[j] = low + (high - low) * randoms[i]();
    }
    const answers = await search.askLabels(missing);
    missing = missing.filter((_, row) => !answers[row].adversarial);
  }
  const started = search.samples().filter((i) => search.distances[i] < Infinity);
  const noises = started.map((i) => search.best(i).slice());
  const failed = new Float64Array(started.length);
  const worked = new Float64Array(started.length).fill(1);
  for (let k = 0; k < startBisections; k++) {
    for (const [row, i] of started.entries()) {
      const candidate = search.candidate(i);
      const clean = search.clean(i);
      const share = (failed[row] + worked[row]) / 2;
      for (let j = 0; j < candidate.length; j++)
        candidate[j] = clean[j] + share * (noises[row][j] - clean[j]);
    }
    const answers = await search.askLabels(started);
    for (let row = 0; row < started.length; row++) {
      const share = (failed[row] + worked[row]) / 2;
      if (answers[row].adversarial) worked[row] = share;
      else failed[row] = share;
    }
  }
  return started;
}

/** The candidate: a random point near the best adversarial, as far from the clean sample as it. */
function moveSideways(search: Search, { i, random, sideways }: Walk, noise: Float32Array): void {
  const candidate = search.candidate(i);
  const clean = search.clean(i);
  const radius = search.distances[i];
  fillNormal(noise, random);
  step(candidate, search.best(i), noise, (sideways * radius) / norm(noise), search.task.bounds);
  const scale = radius / distance(candidate, clean);
  for (let j = 0; j < noise.length; j++) noise[j] = candidate[j] - clean[j];
  step(candidate, clean, noise, scale, search.task.bounds);
}
