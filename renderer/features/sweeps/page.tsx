import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";
import { shortId } from "../../../shared/format.ts";
import type { SweepView } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { PageHeader } from "../../app/page-header.tsx";
import { core } from "../../rpc/client.ts";
import { EmptyState, ErrorNotice, Skeleton } from "../../ui/notices.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { When } from "../../ui/when.tsx";
import { cellsOf } from "./counts.ts";
import { StateBar, StateCounts } from "./state-counts.tsx";

const pageSize = 200;

/** All sweeps, the newest first. */
export function SweepsPage() {
  const navigate = useNavigate();
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(
    core.sweeps.list.infiniteOptions({
      input: (offset: number) => ({ limit: pageSize, offset }),
      initialPageParam: 0,
      getNextPageParam: ({ total }, pages) => {
        const known = pages.reduce((sum, { sweeps }) => sum + sweeps.length, 0);
        return known < total ? known : undefined;
      },
      meta: { follows: ["sweep", "run", "job"] },
    }),
  );
  const rows = data?.pages.flatMap(({ sweeps }) => sweeps) ?? [];
  const known = rows.length;
  const onView = useCallback(
    (_first: number, last: number) => {
      if (last >= known && hasNextPage && !isFetchingNextPage) void fetchNextPage();
    },
    [known, hasNextPage, isFetchingNextPage, fetchNextPage],
  );
  const header = <PageHeader title="Sweeps" />;
  if (error)
    return (
      <>
        {header}
        <ErrorNotice error={error} onRetry={() => void refetch()} />
      </>
    );
  if (!data)
    return (
      <>
        {header}
        <Skeleton lines={8} />
      </>
    );
  const total = data.pages.at(-1)?.total ?? 0;
  if (total === 0)
    return (
      <>
        {header}
        <EmptyState
          title="Your sweeps will be here"
          action={<Link to="/launch">Launch one from an experiment's folder</Link>}
          command="npx gauntlet sweep my-experiment"
        >
          A sweep runs an experiment once for every point of its <code>sweep</code> section, each
          with every seed. Cells that are done are not run twice.
        </EmptyState>
      </>
    );
  return (
    <>
      {header}
      <Table<SweepView>
        label="Sweeps"
        columns={columns}
        count={total}
        rowAt={(index) => rows[index]}
        onView={onView}
        onOpen={({ id }) => void navigate({ to: "/sweeps/$sweep", params: { sweep: id } })}
      />
    </>
  );
}

const columns: Column<SweepView>[] = [
  {
    id: "name",
    title: "Sweep",
    width: 220,
    pinned: true,
    cell: ({ id, name }) => (
      <>
        <Link to="/sweeps/$sweep" params={{ sweep: id }} className="medium clip" tabIndex={-1}>
          {visible(name)}
        </Link>
        <span className="mono subtle">{shortId(id)}</span>
      </>
    ),
  },
  {
    id: "experiment",
    title: "Experiment",
    width: 160,
    cell: ({ experiment, version }) => (
      <>
        <span className="clip">{visible(experiment)}</span>
        <span className="subtle">v{version}</span>
      </>
    ),
  },
  { id: "method", title: "Method", width: 80, cell: ({ method }) => method },
  {
    id: "cells",
    title: "Cells",
    width: 72,
    align: "right",
    cell: ({ counts }) => cellsOf(counts).toLocaleString("en-US"),
  },
  { id: "bar", title: "Progress", width: 120, cell: ({ counts }) => <StateBar counts={counts} /> },
  {
    id: "states",
    title: "States",
    width: 320,
    cell: ({ counts }) => <StateCounts counts={counts} />,
  },
  {
    id: "created",
    title: "Created",
    width: 110,
    cell: ({ createdAt }) => <When time={createdAt} />,
  },
];
