import { chartMetrics, metricPoints, metricSeries, sparklines } from "./metric-reads.ts";
import { runFields } from "./runs-table/fields.ts";
import { loadAhead, readRunsTable } from "./runs-table/table.ts";
import { runSql } from "./sql.ts";

/**
 * What can be asked of a reader: functions of a read-only connection and an input that can be
 * sent between threads. A new one also names its lane in reader.ts.
 */
export const readFunctions = {
  runsTable: readRunsTable,
  runFields,
  metricSeries,
  metricPoints,
  chartMetrics,
  sparklines,
  sql: runSql,
};
export type ReadFunctions = typeof readFunctions;

/** Does a short piece of work in advance; false when there is none. */
export const idleWork = loadAhead;
