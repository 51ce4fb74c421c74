import { metricOfCurve } from "./curves.ts";
import type { TableRow } from "./use-table.ts";

/**
 * Whether a column tells any of these rows apart. `at` is the place of its value in the row, or -1 for
 * what each row tells by itself.
 */
export function differsIn(rows: readonly TableRow[], field: string, at: number): boolean {
  if (rows.length < 2 || metricOfCurve(field) !== null) return true;
  return new Set(rows.map((row) => told(row, field, at))).size > 1;
}

function told(row: TableRow, field: string, at: number): unknown {
  if (row.kind === "group") return JSON.stringify(at < 0 ? row.group.key : row.group.values[at]);
  const { run } = row;
  switch (field) {
    case "state":
      return `${run.state} ${run.reason ?? ""}`;
    case "created":
      return run.createdAt;
    case "experiment":
    case "label":
    case "seed":
      return run[field];
    default:
      return run.values[at];
  }
}
