import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMemo } from "react";
import type { LeaderboardView } from "../../../shared/views.ts";
import { PageHeader } from "../../app/page-header.tsx";
import { core } from "../../rpc/client.ts";
import { dataOf } from "../../rpc/errors.ts";
import { EmptyState, ErrorNotice, Skeleton } from "../../ui/notices.tsx";
import { Table } from "../../ui/table.tsx";
import { BoardCurves } from "./board-curves.tsx";
import { matrixColumns } from "./columns.tsx";
import { Controls } from "./controls.tsx";
import { Evaluate } from "./evaluate.tsx";
import { Legend } from "./legend.tsx";
import { largestMedian, missingCells, type ModelRow, modelRows } from "./rows.ts";

const route = getRouteApi("/robustness");
const follows = ["evaluation", "attack-set"] as const;

export function RobustnessPage() {
  const { set = "active", classes = [], epsilons = [] } = route.useSearch();
  const board = useQuery(
    core.leaderboard.get.queryOptions({
      input: { set, classes, epsilons },
      meta: { follows },
      // Another choice of classes or epsilons changes the numbers of the same table.
      placeholderData: keepPreviousData,
    }),
  );
  const attacks = board.data?.set.attacks;
  const matrix = useQuery(
    core.robustness.matrix.queryOptions({
      input: {
        attacks: attacks ?? [],
        threatModel: board.data?.threatModel?.id ?? null,
      },
      enabled: attacks !== undefined && attacks.length > 0,
      meta: { follows },
    }),
  );
  const error = board.error ?? matrix.error;
  const header = (
    <PageHeader title="Robustness">
      <Evaluate />
    </PageHeader>
  );
  if (error && dataOf(error)?.code !== "NO_ACTIVE_SET")
    return (
      <>
        {header}
        <ErrorNotice error={error} onRetry={() => void board.refetch()} />
      </>
    );
  if (board.data && (!board.data.threatModel || matrix.data?.models.length === 0))
    return (
      <>
        {header}
        <EmptyState
          title="Models will be ranked here"
          action={<Link to="/runs">Open the runs</Link>}
          command="npx gauntlet evaluate MODEL"
        >
          Each model is sent through every attack of a set; what verifies makes its score. Nothing
          was evaluated yet.
        </EmptyState>
      </>
    );
  if (!board.data || !matrix.data)
    return (
      <>
        {header}
        <Skeleton lines={8} />
      </>
    );
  return (
    <>
      {header}
      <Board board={board.data} rows={modelRows(board.data, matrix.data)} />
    </>
  );
}

function Board({ board, rows }: { board: LeaderboardView; rows: readonly ModelRow[] }) {
  const navigate = route.useNavigate();
  const { model } = route.useSearch();
  const largest = largestMedian(rows);
  const best = board.ranked.reduce((most, { interval }) => Math.max(most, interval[1]), 0);
  const columns = useMemo(() => matrixColumns(board, largest, best), [board, largest, best]);
  return (
    <>
      <Controls board={board} missing={missingCells(rows)} />
      <Table<ModelRow>
        label="Models by attacks"
        columns={columns}
        count={rows.length}
        rowAt={(index) => rows[index]}
        isSelected={({ modelId }) => modelId === model}
        onOpen={({ modelId }) =>
          void navigate({
            search: (before) => ({
              ...before,
              model: before.model === modelId ? undefined : modelId,
            }),
            replace: true,
          })
        }
      />
      <Legend board={board} largest={largest} />
      <BoardCurves board={board} model={model} />
    </>
  );
}
