import { uniformGenerator } from "./seed.ts";

/**
 * The median; of an even number of values the mean of the middle two. Throws for no values and for what
 * is not finite.
 */
export function median(values: readonly number[]): number {
  return quantileOfSorted(toSorted(values), 0.5);
}

/**
 * The value below which a share `q` in [0, 1] lies, interpolated between neighbours (Hyndman and
 * Fan 1996, type 7, the default of R and NumPy). Throws for no values.
 */
export function quantile(values: readonly number[], q: number): number {
  return quantileOfSorted(toSorted(values), q);
}

/** Mean and sample standard deviation (n - 1); the deviation of one value is null. */
export function meanAndDeviation(values: readonly number[]): {
  mean: number;
  deviation: number | null;
} {
  if (values.length === 0) throw new RangeError("the mean of no values");
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length === 1) return { mean, deviation: null };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}

/**
 * Percentile bootstrap interval of the median (Efron and Tibshirani, An Introduction to the
 * Bootstrap, 1993, section 13.3). The seed is fixed, so that the same values have the same
 * interval for ever.
 */
export function bootstrapMedianInterval(
  values: readonly number[],
  { resamples = 1000, confidence = 0.95, seed = 1 } = {},
): [low: number, high: number] {
  const random = uniformGenerator(seed);
  const sorted = toSorted(values);
  const n = sorted.length;
  const medians: number[] = [];
  const times = new Uint32Array(n);
  for (let resample = 0; resample < resamples; resample++) {
    times.fill(0);
    for (let i = 0; i < n; i++) {
      const picked = Math.floor(random() * n);
      times[picked] = (times[picked] ?? 0) + 1;
    }
    medians.push(medianOfPicked(sorted, times));
  }
  const tail = (1 - confidence) / 2;
  const sortedMedians = toSorted(medians);
  return [quantileOfSorted(sortedMedians, tail), quantileOfSorted(sortedMedians, 1 - tail)];
}

/** The median of sorted values that were each picked so many times, n picks in all, without a sort. */
function medianOfPicked(sorted: Float64Array, times: Uint32Array): number {
  const lowerRank = Math.floor((sorted.length - 1) / 2);
  const upperRank = Math.floor(sorted.length / 2);
  let passed = 0;
  let lower: number | undefined;
  for (let i = 0; i < sorted.length; i++) {
    passed += times[i] ?? 0;
    const value = sorted[i] ?? Number.NaN;
    if (lower === undefined && passed > lowerRank) lower = value;
    if (lower !== undefined && passed > upperRank) return lower + (value - lower) / 2;
  }
  throw new RangeError("the median of no values");
}

function toSorted(values: readonly number[]): Float64Array {
  if (!values.every(Number.isFinite)) throw new RangeError("a value is not finite");
  return Float64Array.from(values).sort();
}

function quantileOfSorted(sorted: Float64Array, q: number): number {
  if (sorted.length === 0) throw new RangeError("the quantile of no values");
  const place = (sorted.length - 1) * q;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}
