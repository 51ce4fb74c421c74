/** Columns that show the course of a metric: `curve:` and the metric's name. */
import type { RunField } from "../../../shared/runs-table.ts";

const prefix = "curve:";

/** The metric whose course a column shows; null for any other column. */
export function metricOfCurve(column: string): string | null {
  return column.startsWith(prefix) ? column.slice(prefix.length) : null;
}

/** The columns of courses that there can be, with the number of runs that have the metric. */
export function curveColumns(fields: readonly RunField[]): { name: string; runs: number }[] {
  return fields
    .filter(({ kind, aspect }) => kind === "metric" && aspect === "last")
    .map(({ name, runs }) => ({ name: prefix + name, runs }));
}
