/** From the core's columns to lines: at most four points a pixel, however long the series is. */
import type { MetricChart, MetricSeries } from "../../../shared/metrics.ts";
import { unpackNumbers } from "../../rpc/packed-numbers.ts";

export type Line = { x: number[]; y: number[] };

/** The line through a chart's columns: of each its first, lowest, highest and last value. */
export function lineOf(chart: MetricChart): Line {
  const from = unpackNumbers(chart.from);
  const first = unpackNumbers(chart.first);
  if (chart.raw) return { x: [...from], y: [...first] };
  const to = unpackNumbers(chart.to);
  const last = unpackNumbers(chart.last);
  const minimum = unpackNumbers(chart.minimum);
  const maximum = unpackNumbers(chart.maximum);
  const line: Line = { x: [], y: [] };
  for (let index = 0; index < from.length; index++) {
    const start = from[index] ?? 0;
    const width = (to[index] ?? start) - start;
    line.x.push(start, start + width / 3, start + (2 * width) / 3, start + width);
    line.y.push(
      first[index] ?? Number.NaN,
      minimum[index] ?? Number.NaN,
      maximum[index] ?? Number.NaN,
      last[index] ?? Number.NaN,
    );
  }
  return line;
}

/**
 * Exponential smoothing with weight 0 (none) up to 1, without the pull of the first value (the bias
 * correction of Adam, Kingma and Ba 2015, section 3).
 */
export function smooth(values: readonly number[], weight: number): number[] {
  let sum = 0;
  let factor = 1;
  return values.map((value) => {
    sum = weight * sum + (1 - weight) * value;
    factor *= weight;
    return sum / (1 - factor);
  });
}

/** What the attempt of a series reported as its epochs, step by step; null where it did not. */
export function epochsOf(series: MetricSeries, all: readonly MetricSeries[]): MetricSeries | null {
  const isOfSame = (other: MetricSeries) =>
    other.jobId === series.jobId && other.attempt === series.attempt;
  const epochs = all.find((other) => other.name === "epoch" && isOfSame(other));
  return epochs && epochs.points > 0 && epochs.steps === epochs.points ? epochs : null;
}
