/** Metric series and charts as read functions, in the form in which they cross to a page. */
import type { Database } from "better-sqlite3";
import type { MetricChart, MetricSeries, Sparkline } from "../../shared/metrics.ts";
import {
  createMetricReader,
  type MetricReader,
  type MetricWindow,
  type PointPage,
} from "./metric-reader.ts";

const readers = new WeakMap<Database, MetricReader>();

/** Statements are prepared once for a connection. */
function readerOf(db: Database): MetricReader {
  const reader = readers.get(db) ?? createMetricReader(db);
  readers.set(db, reader);
  return reader;
}

/** Every series of a run's jobs; see MetricReader.seriesOfRun. */
export function metricSeries(db: Database, runId: string): MetricSeries[] {
  return readerOf(db).seriesOfRun(runId);
}

/** A chart of each series over the same window; see MetricReader.chart. */
export function chartMetrics(
  db: Database,
  {
    series,
    axis,
    columns,
  }: {
    series: readonly { id: number; from: number | null; to: number | null }[];
    axis: MetricWindow["axis"];
    columns: number;
  },
): MetricChart[] {
  const reader = readerOf(db);
  return series.map(({ id, from, to }) => {
    const { points, raw, sorted, columns: drawn } = reader.chart(id, { axis, from, to }, columns);
    return {
      series: id,
      points,
      raw,
      sorted,
      from: packed(drawn.from),
      first: packed(drawn.first),
      // A single point is all of these.
      to: raw ? "" : packed(drawn.to),
      last: raw ? "" : packed(drawn.last),
      minimum: raw ? "" : packed(drawn.minimum),
      maximum: raw ? "" : packed(drawn.maximum),
    };
  });
}

/**
 * The course of a metric in each of some runs, of which those are left out that have none: see
 * MetricReader.longestSeries. `last` of each column, so that it ends where the series does.
 */
export function sparklines(
  db: Database,
  { runs, metric, columns }: { runs: readonly string[]; metric: string; columns: number },
): Sparkline[] {
  const reader = readerOf(db);
  return runs.flatMap((run) => {
    const series = reader.longestSeries(run, metric);
    if (series === undefined) return [];
    const { points, columns: drawn } = reader.chart(series, wholeSeries, columns);
    return points === 0 ? [] : [{ run, points, values: [...drawn.last] }];
  });
}

const wholeSeries: MetricWindow = { axis: "position", from: null, to: null };

/** A page of the points of a series; see MetricReader.points. */
export function metricPoints(
  db: Database,
  request: { series: number; window: MetricWindow; start: number; limit: number },
): PointPage {
  return readerOf(db).points(request.series, request.window, request.start, request.limit);
}

function packed(numbers: Float64Array): string {
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength).toString("base64");
}
