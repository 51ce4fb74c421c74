import type { Database } from "better-sqlite3";
import {
  createMetricReader,
  type MetricReader,
  type MetricWindow,
  type PointPage,
  type SeriesDetail,
} from "./metric-reader.ts";
import { runFields } from "./runs-table/fields.ts";
import { loadAhead, readRunsTable } from "./runs-table/table.ts";
import { runSql } from "./sql.ts";

type PointsRequest = { series: number; window: MetricWindow; start: number; limit: number };

/** Preparing its statements costs more than most reads: once per connection. */
const metricReaders = new WeakMap<Database, MetricReader>();

function metricsOf(db: Database): MetricReader {
  const known = metricReaders.get(db) ?? createMetricReader(db);
  metricReaders.set(db, known);
  return known;
}

/**
 * What can be asked of a reader: functions of a read-only connection and an input that can be
 * sent between threads. A new one also names its lane in reader.ts.
 */
export const readFunctions = {
  runsTable: readRunsTable,
  runFields,
  metricSeries: (db: Database, runId: string): SeriesDetail[] => metricsOf(db).seriesOfRun(runId),
  metricPoints: (db: Database, { series, window, start, limit }: PointsRequest): PointPage =>
    metricsOf(db).points(series, window, start, limit),
  sql: runSql,
};
export type ReadFunctions = typeof readFunctions;

/** Does a short piece of work in advance; false when there is none. */
export const idleWork = loadAhead;
