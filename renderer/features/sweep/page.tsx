import { useMutation } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { formatCount, shortId } from "../../../shared/format.ts";
import type { SweepDetail } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { PageHeader } from "../../app/page-header.tsx";
import { client, core } from "../../rpc/client.ts";
import { Button } from "../../ui/button.tsx";
import { EmptyState, ErrorNotice, Skeleton } from "../../ui/notices.tsx";
import { formatNumber } from "../../ui/numbers.ts";
import { When } from "../../ui/when.tsx";
import { mostCompared } from "../compare/search.ts";
import { cellsOf, rerunText, unsettledOf } from "../sweeps/counts.ts";
import { StateBar, StateCounts } from "../sweeps/state-counts.tsx";
import { CellGrid } from "./cell-grid.tsx";
import { DeleteSweep } from "./delete-sweep.tsx";
import styles from "./page.module.css";
import { PriorityField } from "./priority-field.tsx";
import { useCells } from "./use-cells.ts";

const route = getRouteApi("/sweeps/$sweep");

export function SweepPage() {
  const id = route.useParams().sweep;
  return <Cells key={id} id={id} />;
}

function Cells({ id }: { id: string }) {
  const { sweep, error, refetch, onView, cellAt } = useCells(id);
  if (!sweep)
    return (
      <>
        <PageHeader title="Sweep" above={<Link to="/sweeps">Sweeps</Link>} />
        {error ? <ErrorNotice error={error} onRetry={refetch} /> : <Skeleton lines={10} />}
      </>
    );
  const cells = cellsOf(sweep.counts);
  return (
    <>
      <Head sweep={sweep} />
      {error && <ErrorNotice error={error} onRetry={refetch} />}
      {cells === 0 ? (
        <EmptyState title="This sweep has no cells" action={<Link to="/sweeps">All sweeps</Link>} />
      ) : (
        <CellGrid
          label={`Cells of ${visible(sweep.name)}`}
          count={cells}
          cellAt={cellAt}
          metric={sweep.objective?.metric ?? null}
          best={sweep.best?.position ?? null}
          onView={onView}
        />
      )}
    </>
  );
}

function Head({ sweep }: { sweep: SweepDetail }) {
  const { id, name, counts, objective, best } = sweep;
  const rerun = useMutation(core.sweeps.rerun.mutationOptions());
  const stop = useMutation(core.sweeps.stop.mutationOptions());
  const unfinished = counts.queued + counts.running;
  const navigate = useNavigate();
  const compare = useMutation({
    mutationFn: () => client.runs.table({ query: `sweep = ${id}`, limit: mostCompared }),
    onSuccess: ({ rows }) =>
      void navigate({ to: "/compare", search: { runs: rows.map((run) => run.id) } }),
  });
  const compared = Math.min(mostCompared, cellsOf(counts));
  return (
    <>
      <PageHeader title={visible(name)} above={<Link to="/sweeps">Sweeps</Link>}>
        {compared > 1 && (
          <Button icon="compare" disabled={compare.isPending} onClick={() => compare.mutate()}>
            Compare {cellsOf(counts) > compared ? `the newest ${compared}` : "its runs"}
          </Button>
        )}
        {unsettledOf(counts) > 0 && (
          <Button
            icon="rerun"
            disabled={rerun.isPending}
            onClick={() => rerun.mutate({ sweep: id })}
          >
            {rerunText(counts)}
          </Button>
        )}
        {unfinished > 0 && (
          <Button
            kind="danger"
            icon="stop"
            disabled={stop.isPending}
            onClick={() => stop.mutate({ sweep: id })}
          >
            Stop {unfinished.toLocaleString("en-US")}
          </Button>
        )}
        {unfinished === 0 && <DeleteSweep sweep={sweep} />}
      </PageHeader>
      <div className={styles["head"]}>
        <div className="row">
          <span className="subject" dir="auto">
            {visible(name)}
          </span>
          <span className="mono subtle">{shortId(id)}</span>
          <span className="grow" />
          {unfinished > 0 && <PriorityField sweep={sweep} />}
          <Link to="/runs" search={{ query: `sweep = ${id}` }}>
            Its runs as a table
          </Link>
        </div>
        <div className="muted num clip">
          {visible(sweep.experiment)} version {sweep.version} · {sweep.method}
          {objective && ` · ${objective.goal} ${visible(objective.metric)}`}
          {best && ` · best so far ${formatNumber(best.value)} in cell ${best.position + 1}`}
          {unfinished === 0 && sweep.priority !== 0 && ` · priority ${sweep.priority}`} · created{" "}
          <When time={sweep.createdAt} />
        </div>
        <StateBar counts={counts} />
        <div className={styles["states"]} role="status">
          <span className="medium num">{formatCount(cellsOf(counts), "cell")}</span>
          <StateCounts counts={counts} />
        </div>
      </div>
      {compare.error && <ErrorNotice error={compare.error} />}
      {rerun.error && <ErrorNotice error={rerun.error} />}
      {stop.error && <ErrorNotice error={stop.error} />}
    </>
  );
}
