import { useQueries } from "@tanstack/react-query";
import { useCallback, useRef, useState } from "react";
import type { GroupRow, RunRow, RunsTable } from "../../../shared/runs-table.ts";
import { core } from "../../rpc/client.ts";

export type TableRow = { kind: "run"; run: RunRow } | { kind: "group"; group: GroupRow };

export type TableRequest = {
  query: string;
  sort: { field: string; descending: boolean }[];
  group: string[] | null;
  columns: string[];
};

const pageSize = 100;

/**
 * The runs table, of which only the pages in view are asked for. While a changed request is on its
 * way the rows of the one before stay.
 */
export function useRunsTable(request: TableRequest) {
  const [view, setView] = useState({ first: 0, last: 0 });
  const pages: number[] = [];
  for (let page = view.first; page <= view.last; page++) pages.push(page);
  const results = useQueries({
    queries: pages.map((page) =>
      core.runs.table.queryOptions({
        input: { ...request, limit: pageSize, offset: page * pageSize },
        meta: { follows: ["run", "job"] },
        gcTime: 30_000,
      }),
    ),
  });
  const shown = useRef<{ request: TableRequest; pages: Map<number, RunsTable> } | null>(null);
  const isNew = shown.current?.request !== request;
  if (!isNew || results.some(({ data }) => data !== undefined)) {
    const known = isNew || !shown.current ? new Map<number, RunsTable>() : shown.current.pages;
    results.forEach(({ data }, index) => {
      const page = pages[index];
      if (data && page !== undefined) known.set(page, data);
    });
    shown.current = { request, pages: known };
  }
  const known = shown.current?.pages ?? new Map<number, RunsTable>();
  const newest = results.find(({ data }) => data)?.data ?? known.values().next().value;

  const onView = useCallback((first: number, last: number) => {
    const next = { first: Math.floor(first / pageSize), last: Math.floor(last / pageSize) };
    setView((before) => (before.first === next.first && before.last === next.last ? before : next));
  }, []);

  return {
    /** Rows, and runs that match; undefined before the first answer. */
    total: newest?.total,
    runs: newest?.runs,
    error: results.find(({ error }) => error)?.error ?? null,
    isWaiting: isNew && results.some(({ isPending }) => isPending),
    onView,
    rowAt(index: number): TableRow | undefined {
      const page = known.get(Math.floor(index / pageSize));
      const at = index % pageSize;
      const run = page?.rows[at];
      if (run) return { kind: "run", run };
      const group = page?.groups[at];
      return group && { kind: "group", group };
    },
  };
}
