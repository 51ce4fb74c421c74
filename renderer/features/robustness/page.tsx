import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { formatCount, shortId } from "../../../shared/format.ts";
import type { LeaderboardView } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { PageHeader } from "../../app/page-header.tsx";
import { core } from "../../rpc/client.ts";
import { dataOf } from "../../rpc/errors.ts";
import { Button } from "../../ui/button.tsx";
import { Field, Toolbar } from "../../ui/layout.tsx";
import { EmptyState, ErrorNotice, Skeleton } from "../../ui/notices.tsx";
import { formatFixed } from "../../ui/numbers.ts";
import { type Column, Table } from "../../ui/table.tsx";
import { MatrixCell } from "./matrix-cell.tsx";
import styles from "./page.module.css";
import { largestMedian, missingCells, type ModelRow, modelRows } from "./rows.ts";

const route = getRouteApi("/robustness");
const follows = ["evaluation", "attack-set"] as const;

export function RobustnessPage() {
  const { set = "active" } = route.useSearch();
  const board = useQuery(core.leaderboard.get.queryOptions({ input: { set }, meta: { follows } }));
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
  const header = <PageHeader title="Robustness" />;
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
      <Matrix board={board.data} rows={modelRows(board.data, matrix.data)} />
    </>
  );
}

function Matrix({ board, rows }: { board: LeaderboardView; rows: readonly ModelRow[] }) {
  const navigate = route.useNavigate();
  const sets = useQuery(core.attacks.sets.queryOptions({ input: {}, meta: { follows } }));
  const fill = useMutation(core.evaluations.fill.mutationOptions());
  const { set, threatModel } = board;
  const largest = largestMedian(rows);
  const missing = missingCells(rows);
  const best = board.ranked.reduce((most, { interval }) => Math.max(most, interval[1]), 0);
  const columns = useMemo(
    () => columnsOf(set.attacks, largest, best),
    [set.attacks, largest, best],
  );
  return (
    <>
      <Toolbar label="What is ranked">
        <Field label="Attack set">
          <select
            className={styles["select"]}
            value={set.name}
            onChange={(event) => void navigate({ search: { set: event.target.value } })}
          >
            {(sets.data ?? [set]).map(({ name, date }) => (
              <option key={name} value={name}>
                {visible(name)}, {date}
              </option>
            ))}
          </select>
        </Field>
        {threatModel && (
          <span className="row clip">
            <span className={styles["tag"]}>
              {threatModel.norm}
              {threatModel.minimal ? ", minimal" : `, ε ${threatModel.epsilon}`}
            </span>
            <span className={styles["tag"]}>
              bounds [{threatModel.bounds[0]}, {threatModel.bounds[1]}]
            </span>
            <span className={styles["tag"]}>
              {visible(threatModel.dataset)} {visible(threatModel.split)}
            </span>
            <span className={styles["tag"]}>{formatCount(threatModel.samples, "sample")}</span>
            {threatModel.queries !== null && (
              <span className={styles["tag"]}>
                ≤ {formatCount(threatModel.queries, "query", "queries")}
              </span>
            )}
          </span>
        )}
        <span className="grow" />
        {missing > 0 && (
          <Button
            kind="primary"
            icon="bolt"
            disabled={fill.isPending}
            onClick={() => fill.mutate({ attacks: set.attacks })}
          >
            Fill {formatCount(missing, "cell")}
          </Button>
        )}
      </Toolbar>
      {fill.error && <ErrorNotice error={fill.error} />}
      <Table<ModelRow>
        label="Models by attacks"
        columns={columns}
        count={rows.length}
        rowAt={(index) => rows[index]}
      />
      <p className={styles["caption"]}>
        Cells: median {threatModel?.norm ?? ""} distance over the verified samples; more ink, more
        robust. Score: median over samples of the smallest distance, with its 95 % interval. A model
        without a verified outcome for every sample and attack is not ranked.
      </p>
    </>
  );
}

function columnsOf(attacks: readonly string[], largest: number, best: number): Column<ModelRow>[] {
  return [
    {
      id: "rank",
      title: "#",
      label: "Rank",
      width: 44,
      align: "right",
      pinned: true,
      cell: ({ ranked }) => ranked?.rank ?? <span className="subtle">–</span>,
    },
    {
      id: "model",
      title: "Model",
      width: 220,
      pinned: true,
      cell: ({ model, modelId, label }) => (
        <>
          <span className="medium clip" title={visible(label)} dir="auto">
            {visible(model)}
          </span>
          <span className="mono subtle">{shortId(modelId)}</span>
        </>
      ),
    },
    {
      id: "interval",
      title: "Score",
      unit: `0 to ${formatFixed(best, 2)}`,
      width: 150,
      cell: (row) => <Interval row={row} best={best} />,
    },
    {
      id: "score",
      title: "Median",
      unit: "95 %",
      width: 132,
      align: "right",
      cell: ({ ranked, verified, needed }) =>
        ranked ? (
          <>
            <b>{formatFixed(ranked.score, 3)}</b>
            <span className="subtle">± {formatFixed(halfWidth(ranked.interval), 3)}</span>
          </>
        ) : (
          <span className="subtle">
            {verified.toLocaleString("en-US")}/{needed.toLocaleString("en-US")}
          </span>
        ),
    },
    {
      id: "clean",
      title: "Clean",
      unit: "%",
      width: 72,
      align: "right",
      cell: ({ ranked }) =>
        ranked ? formatFixed(ranked.cleanAccuracy * 100, 1) : <span className="subtle">–</span>,
    },
    ...attacks.map((attack, index): Column<ModelRow> => ({
      id: attack,
      title: visible(attack.split("@", 1)[0] ?? attack),
      label: visible(attack),
      width: Math.max(86, attack.length * 6),
      cell: ({ cells, weakest }) => {
        const cell = cells[index];
        return cell && <MatrixCell cell={cell} largest={largest} isWeakest={weakest === index} />;
      },
    })),
  ];
}

function halfWidth([low, high]: readonly [number, number]): number {
  return (high - low) / 2;
}

/** A score and its interval on a common scale; of an incomplete model, why it has none. */
function Interval({ row, best }: { row: ModelRow; best: number }) {
  const { ranked, reason } = row;
  if (!ranked)
    return (
      <span className="subtle clip" title={reason ?? ""}>
        {reason}
      </span>
    );
  const share = (value: number) => `${(best > 0 ? value / best : 0) * 100}%`;
  const [low, high] = ranked.interval;
  return (
    <span
      className={styles["interval"]}
      role="img"
      aria-label={`${formatFixed(ranked.score, 3)}, from ${formatFixed(low, 3)} to ${formatFixed(high, 3)}`}
    >
      <i style={{ left: share(low), width: share(high - low) }} />
      <b style={{ left: share(ranked.score) }} />
    </span>
  );
}
