import { useQueries } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import type { GroupRow, RunRow, RunsTable } from "../../../shared/runs-table.ts";
import { core } from "../../rpc/client.ts";

export type TableRow = { kind: "run"; run: RunRow } | { kind: "group"; group: GroupRow };

export type TableRequest = {
  query: string;
  sort: { field: string; descending: boolean }[];
  group: string[] | null;
  columns: string[];
};

/** Two screens of a small window. */
const pageSize = 48;

/** Pages that follow one another, from `first` on. */
type Pages = { first: number; data: (RunsTable | undefined)[] };

/**
 * The runs table, of which only the pages in view are asked for. While a changed request is on its
 * way the rows of the one before stay.
 */
export function useRunsTable(request: TableRequest) {
  const [view, setView] = useState({ first: 0, last: 0 });
  const results = useQueries({
    queries: Array.from({ length: view.last - view.first + 1 }, (_, index) =>
      core.runs.table.queryOptions({
        input: { ...request, limit: pageSize, offset: (view.first + index) * pageSize },
        meta: { follows: ["run", "job"] },
        gcTime: 30_000,
      }),
    ),
  });
  const now: Pages = { first: view.first, data: results.map(({ data }) => data) };
  const isAnswered = now.data.some((page) => page !== undefined);
  const [answered, setAnswered] = useState<Pages | null>(null);
  const isNew = isAnswered && !areSame(now, answered);
  if (isNew) setAnswered(now);
  const shown = isNew ? now : answered;
  const some = shown?.data.find((page) => page !== undefined);

  const onView = useCallback((first: number, last: number) => {
    const next = { first: Math.floor(first / pageSize), last: Math.floor(last / pageSize) };
    setView((before) => (before.first === next.first && before.last === next.last ? before : next));
  }, []);

  const rowAt = useCallback(
    (index: number): TableRow | undefined => {
      const page = shown?.data[Math.floor(index / pageSize) - shown.first];
      const run = page?.rows[index % pageSize];
      if (run) return rowOf(run, () => ({ kind: "run", run }));
      const group = page?.groups[index % pageSize];
      return group && rowOf(group, () => ({ kind: "group", group }));
    },
    [shown],
  );

  return {
    /** Rows that there are, and runs that match; undefined before the first answer. */
    total: some?.total,
    runs: some?.runs,
    error: results.find(({ error }) => error)?.error ?? null,
    /** Rows that come into view, both ends included. */
    onView,
    /** The rows that are loaded: those in view, and some around them. */
    rows(): TableRow[] {
      return (shown?.data ?? []).flatMap((page) => [
        ...(page?.rows.map((run): TableRow => ({ kind: "run", run })) ?? []),
        ...(page?.groups.map((group): TableRow => ({ kind: "group", group })) ?? []),
      ]);
    },
    /** A row, or undefined while it is on its way. Changes only with the rows. */
    rowAt,
  };
}

/** The same row for the same answer: what has not changed is not drawn anew. */
const rows = new WeakMap<RunRow | GroupRow, TableRow>();

function rowOf(told: RunRow | GroupRow, make: () => TableRow): TableRow {
  const known = rows.get(told);
  if (known) return known;
  const made = make();
  rows.set(told, made);
  return made;
}

function areSame(a: Pages, b: Pages | null): boolean {
  return (
    b !== null &&
    a.first === b.first &&
    a.data.length === b.data.length &&
    a.data.every((page, index) => page === b.data[index])
  );
}
