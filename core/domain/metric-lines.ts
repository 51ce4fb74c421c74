const nameLimit = 200;

/** Points of one series in the order they were reported; the three lists are of one length. */
export type SeriesPoints = {
  /** NaN where the line gave none. */
  steps: number[];
  /** Seconds since 1970; NaN where the line gave none. */
  times: number[];
  /** All finite. */
  values: number[];
};

/** What was read from a part of `out/metrics.jsonl` and is kept together. */
export type MetricBatch = {
  /** By the metric's name. Kept by series, since an object per point costs more than its parsing. */
  series: Map<string, SeriesPoints>;
  badLines: number;
};

export function createMetricBatch(): MetricBatch {
  return { series: new Map(), badLines: 0 };
}

/** Adds a point; `step` and `time` are NaN where there is none. */
export function addPoint(
  { series }: MetricBatch,
  name: string,
  step: number,
  time: number,
  value: number,
): void {
  let points = series.get(name);
  if (!points) {
    points = { steps: [], times: [], values: [] };
    series.set(name, points);
  }
  points.steps.push(step);
  points.times.push(time);
  points.values.push(value);
}

/**
 * Adds a line of `out/metrics.jsonl`: its finite numbers, in its order. A bad line is counted: not
 * an object, no number in it, or a number that is not finite. `NaN` and `Infinity`, which Python
 * writes, are no JSON; the line's other numbers are kept all the same.
 */
export function addMetricLine(batch: MetricBatch, line: string): void {
  const parsed = parseObject(line);
  if (!parsed) {
    batch.badLines++;
    return;
  }
  const { object, repaired } = parsed;
  const step = finiteOrNaN(object["step"]);
  const time = finiteOrNaN(object["time"]);
  let added = false;
  for (const name of Object.keys(object)) {
    if (name === "step" || name === "time" || name.length > nameLimit) continue;
    const value = object[name];
    if (typeof value !== "number" || !Number.isFinite(value)) continue;
    addPoint(batch, name, step, time, value);
    added = true;
  }
  if (repaired || !added) batch.badLines++;
}

function parseObject(
  line: string,
): { object: Record<string, unknown>; repaired: boolean } | undefined {
  const strict = tryParse(line);
  if (strict) return { object: strict, repaired: false };
  if (!/\b(NaN|Infinity)\b/.test(line)) return undefined;
  // Only where a value may stand, so that text that holds the word stays as it is.
  const lenient = tryParse(line.replaceAll(/([:,[]\s*)(-?Infinity|NaN)(?=\s*[,}\]])/g, "$1null"));
  return lenient ? { object: lenient, repaired: true } : undefined;
}

function tryParse(line: string): Record<string, unknown> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined; // The caller counts the line as bad.
  }
  return isObject(value) ? value : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function finiteOrNaN(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : Number.NaN;
}
