import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { RunComparison } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { PageHeader } from "../../app/page-header.tsx";
import { core } from "../../rpc/client.ts";
import { Button } from "../../ui/button.tsx";
import { slotColour } from "../../ui/chart.ts";
import { EmptyState, ErrorNotice, Skeleton } from "../../ui/notices.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { AddRun } from "./add-run.tsx";
import { CodeDifference } from "./code.tsx";
import { ComparedCurves } from "./curves.tsx";
import styles from "./page.module.css";
import { Parallel } from "./parallel.tsx";
import { Scatter } from "./scatter.tsx";
import { type CompareTab, compareTabs, mostCompared } from "./search.ts";
import { useSlots } from "./slots.ts";
import { ComparedValues } from "./values.tsx";

const route = getRouteApi("/compare");

const titles: Record<CompareTab, string> = {
  curves: "Curves",
  values: "Values",
  scatter: "Scatter",
  parallel: "Parallel coordinates",
  code: "Code",
};

export function ComparePage() {
  const { runs = [] } = route.useSearch();
  const navigate = route.useNavigate();
  const { data, error, refetch } = useQuery(
    core.runs.compare.queryOptions({
      input: { runs },
      enabled: runs.length > 0,
      // One run more or less is no reason to begin anew.
      placeholderData: keepPreviousData,
      meta: { follows: ["run", "evaluation"] },
    }),
  );
  const header = <PageHeader title="Compare" />;
  if (runs.length === 0)
    return (
      <>
        {header}
        <EmptyState
          title="Runs will stand side by side here"
          action={
            <span className="row">
              <AddRun
                compared={[]}
                onAdd={(id) => void navigate({ search: { runs: [id] }, replace: true })}
              />
              or <Link to="/runs">choose in the table</Link>
            </span>
          }
          command="npx gauntlet runs compare RUN RUN"
        >
          Select two or more runs in the table and press C: their curves, values and code are laid
          over each other.
        </EmptyState>
      </>
    );
  if (error)
    return (
      <>
        {header}
        <ErrorNotice error={error} onRetry={() => void refetch()} />
      </>
    );
  return (
    <>
      {header}
      {data ? <Compared comparison={data} /> : <Skeleton lines={10} />}
    </>
  );
}

function Compared({ comparison }: { comparison: RunComparison }) {
  const { tab = "curves" } = route.useSearch();
  const navigate = route.useNavigate();
  const { runs } = comparison;
  const ids = runs.map(({ id }) => id);
  const slots = useSlots(ids);
  const setRuns = (next: string[]) =>
    void navigate({ search: (before) => ({ ...before, runs: next }), replace: true });
  return (
    <>
      <ul className={styles["runs"]} aria-label="Compared runs">
        {runs.map(({ id, name, label }, index) => (
          <li key={id}>
            <i style={{ background: slotColour(slots[index] ?? 0) }} />
            <Link to="/runs/$run" params={{ run: id }} title={visible(label)} dir="auto">
              {visible(name)}
            </Link>
            <Button
              kind="quiet"
              size="small"
              icon="close"
              aria-label={`Leave ${visible(name)} out`}
              onClick={() => setRuns(ids.filter((other) => other !== id))}
            />
          </li>
        ))}
        {ids.length < mostCompared && (
          <li>
            <AddRun compared={ids} onAdd={(id) => setRuns([...ids, id])} />
          </li>
        )}
      </ul>
      <Tabs
        label="Ways to compare"
        value={tab}
        tabs={compareTabs.map((value) => ({ value, title: titles[value] }))}
        onChange={(next) =>
          void navigate({ search: (before) => ({ ...before, tab: next }), replace: true })
        }
      />
      <div className={styles["body"]}>
        {tab === "curves" && <ComparedCurves runs={runs} slots={slots} />}
        {tab === "values" && <ComparedValues comparison={comparison} slots={slots} />}
        {tab === "scatter" && <Scatter comparison={comparison} slots={slots} />}
        {tab === "parallel" && <Parallel comparison={comparison} slots={slots} />}
        {tab === "code" && <CodeDifference runs={runs} />}
      </div>
    </>
  );
}
