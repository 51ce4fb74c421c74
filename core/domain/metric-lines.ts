/** One number that a program reported, at its place in the series. */
export type MetricPoint = {
  name: string;
  /** Null where the line gave none. */
  step: number | null;
  /** Seconds since 1970. */
  time: number | null;
  value: number;
};

const nameLimit = 200;

/**
 * Reads a line of `out/metrics.jsonl`. Returns the finite numbers of the line, in its order, or
 * null for a bad line: not an object, no number in it, or a number that is not finite. `NaN` and
 * `Infinity`, which Python writes, are no JSON; the line's other numbers are kept all the same.
 */
export function parseMetricLine(line: string): { points: MetricPoint[]; bad: boolean } {
  const parsed = parseObject(line);
  if (!parsed) return { points: [], bad: true };
  const { object, repaired } = parsed;
  const step = finiteOrNull(object["step"]);
  const time = finiteOrNull(object["time"]);
  const points: MetricPoint[] = [];
  for (const [name, value] of Object.entries(object)) {
    if (name === "step" || name === "time" || name.length > nameLimit) continue;
    if (typeof value === "number" && Number.isFinite(value))
      points.push({ name, step, time, value });
  }
  return { points, bad: repaired || points.length === 0 };
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

function finiteOrNull(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
