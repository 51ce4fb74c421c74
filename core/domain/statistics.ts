import { uniformGenerator } from "./seed.ts";

/** The median; of an even number of values the mean of the middle two. Throws for no values. */
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
  const picked = new Float64Array(n);
  for (let resample = 0; resample < resamples; resample++) {
    for (let i = 0; i < n; i++) picked[i] = sorted[Math.floor(random() * n)] ?? Number.NaN;
    medians.push(quantileOfSorted(picked.toSorted(), 0.5));
  }
  const tail = (1 - confidence) / 2;
  const sortedMedians = toSorted(medians);
  return [quantileOfSorted(sortedMedians, tail), quantileOfSorted(sortedMedians, 1 - tail)];
}

function toSorted(values: readonly number[]): Float64Array {
  return Float64Array.from(values).sort();
}

function quantileOfSorted(sorted: Float64Array, q: number): number {
  if (sorted.length === 0) throw new RangeError("the quantile of no values");
  const place = (sorted.length - 1) * q;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}
