import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { formatBytes, formatCount, formatNorm, shortId } from "../../../shared/format.ts";
import type { LeaderboardView } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { PageHeader } from "../../app/page-header.tsx";
import { core } from "../../rpc/client.ts";
import { dataOf } from "../../rpc/errors.ts";
import { useKeys } from "../../state/keys.ts";
import { Input } from "../../ui/input.tsx";
import { Toolbar } from "../../ui/layout.tsx";
import { EmptyState, ErrorNotice, Skeleton } from "../../ui/notices.tsx";
import { formatFixed } from "../../ui/numbers.ts";
import { type Column, Table } from "../../ui/table.tsx";
import { When } from "../../ui/when.tsx";
import { type ModelRow, modelRows } from "./rows.ts";

const route = getRouteApi("/models");

export function ModelsPage() {
  const { find = "", sort = "-created" } = route.useSearch();
  const navigate = route.useNavigate();
  const models = useQuery(
    core.models.list.queryOptions({ input: {}, meta: { follows: ["run", "evaluation"] } }),
  );
  const board = useQuery(
    core.leaderboard.get.queryOptions({
      input: {},
      meta: { follows: ["evaluation", "attack-set"] },
    }),
  );
  const rows = useMemo(
    () => modelRows(models.data ?? [], board.data, { find, sort }),
    [models.data, board.data, find, sort],
  );
  useKeys({ "/": () => document.getElementById("find-model")?.focus() });
  const setSearch = (change: { find?: string; sort?: string }) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true });

  const header = <PageHeader title="Models" />;
  if (models.error)
    return (
      <>
        {header}
        <ErrorNotice error={models.error} onRetry={() => void models.refetch()} />
      </>
    );
  if (!models.data)
    return (
      <>
        {header}
        <Skeleton lines={8} />
      </>
    );
  if (models.data.length === 0)
    return (
      <>
        {header}
        <EmptyState
          title="Models will be listed here"
          action={<Link to="/runs">Open the runs</Link>}
          command="npx gauntlet models import FILE --load model.py:load --dataset NAME"
        >
          Every run whose training succeeds leaves one. A checkpoint made elsewhere is imported in a
          terminal:
        </EmptyState>
      </>
    );
  const sortedBy = sort.replace(/^-/, "");
  const descending = sort.startsWith("-");
  return (
    <>
      {header}
      <Toolbar label="Choose what is shown">
        <Input
          id="find-model"
          type="search"
          className="grow"
          aria-label="Find a model by name, parameters or dataset"
          placeholder="Find by name, parameters or dataset"
          value={find}
          onChange={(event) => setSearch({ find: event.target.value || undefined })}
        />
        <span className="muted num" role="status">
          {rows.length === models.data.length
            ? formatCount(rows.length, "model")
            : `${rows.length.toLocaleString("en-US")} of ${formatCount(models.data.length, "model")}`}
        </span>
      </Toolbar>
      {board.error && dataOf(board.error)?.code !== "NO_ACTIVE_SET" && (
        <ErrorNotice error={board.error} onRetry={() => void board.refetch()} />
      )}
      <Table<ModelRow>
        label="Models"
        columns={columns}
        count={rows.length}
        rowAt={(index) => rows[index]}
        sort={{ column: sortedBy, descending }}
        onSort={(column) =>
          setSearch({ sort: sortedBy === column && !descending ? `-${column}` : column })
        }
        onOpen={({ id }) => void navigate({ to: "/models/$model", params: { model: id } })}
      />
      <Caption board={board.data} isMissing={board.error !== null} />
    </>
  );
}

/** Under what the scores are: without it they say nothing. */
function Caption({ board, isMissing }: { board: LeaderboardView | undefined; isMissing: boolean }) {
  if (isMissing)
    return (
      <p className="caption">
        No attack set is active, so nothing has a score. <Link to="/attacks">Choose a set</Link>
      </p>
    );
  if (!board) return <p className="caption">Scores are on their way.</p>;
  const { set, threatModel } = board;
  return (
    <p className="caption num">
      Score under {visible(set.name)} of {set.date}
      {threatModel
        ? `: median smallest ${formatNorm(threatModel.norm)} distance with half its 95 % interval, bounds [${threatModel.bounds.join(", ")}], ${formatCount(threatModel.samples, "sample")} of ${visible(threatModel.dataset)} ${visible(threatModel.split)}. Other threat models have no score here.`
        : ": nothing was evaluated yet."}
    </p>
  );
}

const none = <span className="subtle">–</span>;

const columns: Column<ModelRow>[] = [
  {
    id: "name",
    title: "Model",
    width: 230,
    pinned: true,
    sortable: true,
    cell: ({ id, name }) => (
      <>
        <Link to="/models/$model" params={{ model: id }} className="clip" tabIndex={-1} dir="auto">
          {visible(name)}
        </Link>
        <span className="mono subtle">{shortId(id)}</span>
      </>
    ),
  },
  {
    id: "label",
    title: "What differs",
    width: 260,
    sortable: true,
    cell: ({ label, run }) => (
      <span className={label ? "clip" : "clip subtle"} title={visible(label)} dir="auto">
        {label ? visible(label) : run ? "–" : "imported"}
      </span>
    ),
  },
  {
    id: "dataset",
    title: "Dataset",
    width: 110,
    sortable: true,
    cell: ({ dataset }) => (dataset ? <span className="clip">{visible(dataset)}</span> : none),
  },
  {
    id: "size",
    title: "Size",
    width: 90,
    align: "right",
    sortable: true,
    cell: ({ size }) => formatBytes(size),
  },
  {
    id: "verified",
    title: "Verified",
    unit: "evaluations",
    width: 138,
    align: "right",
    sortable: true,
    cell: ({ verified, evaluations }) =>
      evaluations === 0 ? <span className="subtle">none</span> : `${verified} of ${evaluations}`,
  },
  {
    id: "score",
    title: "Score",
    unit: "95 %",
    width: 150,
    align: "right",
    sortable: true,
    cell: ({ ranked, reason }) =>
      ranked ? (
        <>
          <b>{formatFixed(ranked.score, 3)}</b>
          <span className="subtle">
            ± {formatFixed((ranked.interval[1] - ranked.interval[0]) / 2, 3)}
          </span>
        </>
      ) : (
        <span className="subtle clip" title={visible(reason ?? "")}>
          {visible(reason ?? "–")}
        </span>
      ),
  },
  {
    id: "created",
    title: "Made",
    width: 120,
    sortable: true,
    cell: ({ createdAt }) => (
      <span className="muted">
        <When time={createdAt} />
      </span>
    ),
  },
];
