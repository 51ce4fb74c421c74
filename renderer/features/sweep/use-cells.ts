import { useQueries, useQuery } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import type { SweepDetail } from "../../../shared/views.ts";
import { core } from "../../rpc/client.ts";

export type Cell = SweepDetail["cells"][number];

const pageSize = 200;
const follows = ["sweep", "run", "job"] as const;

/** A sweep, of whose cells only the pages in view are asked for. */
export function useCells(sweep: string) {
  const [view, setView] = useState({ first: 0, last: 0 });
  const pages: number[] = [];
  for (let page = view.first; page <= view.last; page++) pages.push(page);
  // The sweep as a whole is known however the view moves.
  const whole = useQuery(
    core.sweeps.get.queryOptions({ input: { sweep, limit: 1, offset: 0 }, meta: { follows } }),
  );
  const results = useQueries({
    queries: pages.map((page) =>
      core.sweeps.get.queryOptions({
        input: { sweep, limit: pageSize, offset: page * pageSize },
        meta: { follows },
        gcTime: 30_000,
      }),
    ),
  });
  const known = new Map(pages.map((page, index) => [page, results[index]?.data]));
  const onView = useCallback((first: number, last: number) => {
    const next = { first: Math.floor(first / pageSize), last: Math.floor(last / pageSize) };
    setView((before) => (before.first === next.first && before.last === next.last ? before : next));
  }, []);
  return {
    /** The newest word on the sweep as a whole; undefined before the first answer. */
    sweep: whole.data,
    error: whole.error ?? results.find(({ error }) => error)?.error ?? null,
    refetch: () => {
      void whole.refetch();
      for (const { refetch } of results) void refetch();
    },
    onView,
    /** A cell, or undefined while it is on its way. */
    cellAt: (index: number): Cell | undefined =>
      known.get(Math.floor(index / pageSize))?.cells[index % pageSize],
  };
}
