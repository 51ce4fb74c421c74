/**
 * Distances and scores of the NIPS 2018 Adversarial Vision Challenge (Brendel et al.,
 * arXiv:1808.01976), for images of 8 bits a value, told on [0, 1].
 */
import { medianInPlace } from "./statistics.ts";

/** How many of the best of the other side a score looks at. */
export const topCount = 5;

/** The largest value of a pixel. */
const white = 255;

/** L2 distance of two images of equal length on [0, 1]; exact up to one square root and one division. */
export function byteDistance(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length)
    throw new RangeError(`images of ${a.length} and ${b.length} values cannot be compared`);
  let squares = 0;
  for (let i = 0; i < a.length; i++) squares += ((a[i] ?? 0) - (b[i] ?? 0)) ** 2;
  return Math.sqrt(squares) / white;
}

/**
 * The largest L2 distance on [0, 1] that any image has from this one: every value goes to the farther
 * end. It counts where an attack yields nothing.
 */
export function worstByteDistance(image: Uint8Array): number {
  let squares = 0;
  for (const value of image) squares += Math.max(value, white - value) ** 2;
  return Math.sqrt(squares) / white;
}

export type ChallengeScores = {
  /** By model: the median over images of the smallest distance over the top attacks. Larger is better. */
  models: number[];
  /** By attack: the median over images and top models. Smaller is better. */
  attacks: number[];
  /** Indices of the best at most five, the best first. */
  topModels: number[];
  topAttacks: number[];
};

/**
 * The scores of both tracks. Who is among the top five of one side depends on the other side: models
 * are ranked by the smallest distance over all attacks, then attacks over these top models, and
 * models are scored against these top attacks. With at most five of each, nobody is left out.
 * @param distances by model, attack and image; every model and attack has the same images, at least one
 */
export function challengeScores(distances: readonly (readonly Float64Array[])[]): ChallengeScores {
  const attackIndices = distances[0]?.map((_, attack) => attack) ?? [];
  const scoreOf = (model: readonly Float64Array[], attacks: readonly number[]) =>
    medianInPlace(smallest(attacks.map((attack) => model[attack] ?? new Float64Array())));
  const first = distances.map((model) => scoreOf(model, attackIndices));
  const topModels = ranked(first.map((score) => -score));
  const attacks = attackIndices.map((attack) =>
    medianInPlace(
      Float64Array.from(topModels.flatMap((model) => [...(distances[model]?.[attack] ?? [])])),
    ),
  );
  const topAttacks = ranked(attacks);
  return {
    models: distances.map((model) => scoreOf(model, topAttacks)),
    attacks,
    topModels,
    topAttacks,
  };
}

/** By image: the smallest of several distances. */
function smallest(all: readonly Float64Array[]): Float64Array {
  const result = Float64Array.from(all[0] ?? []);
  for (const distances of all.slice(1))
    for (let i = 0; i < result.length; i++)
      result[i] = Math.min(result[i] ?? Infinity, distances[i] ?? Infinity);
  return result;
}

/** Indices of the smallest values, at most `topCount`; the first of equals comes first. */
function ranked(values: readonly number[]): number[] {
  return values
    .map((value, index) => ({ value, index }))
    .toSorted((a, b) => a.value - b.value || a.index - b.index)
    .slice(0, topCount)
    .map(({ index }) => index);
}
