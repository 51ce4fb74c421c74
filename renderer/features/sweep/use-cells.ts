import { useQueries } from "@tanstack/react-query";
import { useCallback, useRef, useState } from "react";
import type { SweepDetail } from "../../../shared/views.ts";
import { core } from "../../rpc/client.ts";

export type Cell = SweepDetail["cells"][number];

const pageSize = 200;

/** A sweep, of whose cells only the pages in view are asked for. */
export function useCells(sweep: string) {
  const [view, setView] = useState({ first: 0, last: 0 });
  const pages: number[] = [];
  for (let page = view.first; page <= view.last; page++) pages.push(page);
  const results = useQueries({
    queries: pages.map((page) =>
      core.sweeps.get.queryOptions({
        input: { sweep, limit: pageSize, offset: page * pageSize },
        meta: { follows: ["sweep", "run", "job"] },
        gcTime: 30_000,
      }),
    ),
  });
  const known = useRef(new Map<number, SweepDetail>());
  results.forEach(({ data }, index) => {
    const page = pages[index];
    if (data && page !== undefined) known.current.set(page, data);
  });
  const onView = useCallback((first: number, last: number) => {
    const next = { first: Math.floor(first / pageSize), last: Math.floor(last / pageSize) };
    setView((before) => (before.first === next.first && before.last === next.last ? before : next));
  }, []);
  return {
    /** The newest word on the sweep as a whole; undefined before the first answer. */
    sweep: results.find(({ data }) => data)?.data ?? known.current.values().next().value,
    error: results.find(({ error }) => error)?.error ?? null,
    refetch: () => {
      for (const { refetch } of results) void refetch();
    },
    onView,
    /** A cell, or undefined while it is on its way. */
    cellAt: (index: number): Cell | undefined =>
      known.current.get(Math.floor(index / pageSize))?.cells[index % pageSize],
  };
}
