import { GauntletError } from "../../shared/errors.ts";
import { sampleSeed, uniformGenerator } from "./seed.ts";

/**
 * Chooses `count` indexes into `labels`, stratified: each class gets its share of the split
 * (largest remainder, the lower label first where remainders are equal). Within a class the order
 * is shuffled once by the seed and taken from the front, so that a larger choice holds nearly all
 * of a smaller one. Ascending. Throws DATASET_TOO_SMALL.
 */
export function chooseSampleSet(labels: readonly number[], count: number, seed: number): number[] {
  if (!Number.isSafeInteger(count) || count < 0)
    throw new RangeError(`${count} is no number of samples`);
  if (count > labels.length)
    throw new GauntletError(
      "DATASET_TOO_SMALL",
      `The split has ${labels.length} samples; ${count} were asked for.`,
    );
  const byClass = [...Map.groupBy(labels.keys(), (index) => labels[index] ?? -1)].toSorted(
    ([a], [b]) => a - b,
  );
  const shares = byClass.map(([label, indexes]) => {
    // In whole numbers, for rounding must not decide between equal remainders.
    const rest = (indexes.length * count) % labels.length;
    return { label, indexes, whole: (indexes.length * count - rest) / labels.length, rest };
  });
  let left = count - shares.reduce((sum, { whole }) => sum + whole, 0);
  for (const share of shares.toSorted((a, b) => b.rest - a.rest || a.label - b.label)) {
    if (left === 0) break;
    share.whole++;
    left--;
  }
  return shares
    .flatMap(({ label, indexes, whole }) =>
      shuffled(indexes, sampleSeed(seed, "sample-set", String(label))).slice(0, whole),
    )
    .toSorted((a, b) => a - b);
}

/** Fisher-Yates (Durstenfeld 1964), seeded. */
function shuffled(items: readonly number[], seed: number): number[] {
  const random = uniformGenerator(seed);
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const a = result[i];
    const b = result[j];
    if (a === undefined || b === undefined) throw new RangeError("shuffle went out of range");
    result[i] = b;
    result[j] = a;
  }
  return result;
}
