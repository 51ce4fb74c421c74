import type { RunField, RunsTable, RunsTableInput, SqlResult } from "../../shared/runs-table.ts";
import type { CoreContext } from "./context.ts";

/**
 * A page of the runs table, read off the core's thread. A signal that is aborted while the read
 * waits for its turn takes it back. Throws QUERY_INVALID, FIELD_UNKNOWN and QUERY_TOO_SLOW.
 */
export function runsTable(
  { catalog, clock }: Pick<CoreContext, "catalog" | "clock">,
  input: RunsTableInput,
  signal?: AbortSignal,
): Promise<RunsTable> {
  return catalog.reader.read("runsTable", { ...input, now: clock.now() }, { signal });
}

/** All fields that a query, a sort or a column can name, with the number of runs that have them. */
export function runFields({ catalog }: Pick<CoreContext, "catalog">): Promise<RunField[]> {
  return catalog.reader.read("runFields", null);
}

/** The rows of one SELECT. Throws SQL_INVALID and QUERY_TOO_SLOW. */
export function querySql(
  { catalog }: Pick<CoreContext, "catalog">,
  input: { statement: string; limit: number },
  signal?: AbortSignal,
): Promise<SqlResult> {
  return catalog.reader.read("sql", input, { signal });
}
