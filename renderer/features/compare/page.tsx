import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { RunComparison } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { PageHeader } from "../../app/page-header.tsx";
import { core } from "../../rpc/client.ts";
import { Button } from "../../ui/button.tsx";
import { slotColour } from "../../ui/chart.ts";
import { EmptyState, ErrorNotice, Skeleton } from "../../ui/notices.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { CodeDifference } from "./code.tsx";
import { ComparedCurves } from "./curves.tsx";
import styles from "./page.module.css";
import { Parallel } from "./parallel.tsx";
import { Scatter } from "./scatter.tsx";
import { type CompareTab, compareTabs } from "./search.ts";
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
  const { data, error, refetch } = useQuery(
    core.runs.compare.queryOptions({
      input: { runs },
      enabled: runs.length > 0,
      meta: { follows: ["run", "evaluation"] },
    }),
  );
  const header = <PageHeader title="Compare" above={<Link to="/runs">Runs</Link>} />;
  if (runs.length === 0)
    return (
      <>
        {header}
        <EmptyState
          title="Runs will stand side by side here"
          action={<Link to="/runs">Choose runs</Link>}
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
  return (
    <>
      <ul className={styles["runs"]} aria-label="Compared runs">
        {runs.map(({ id, name, label }, slot) => (
          <li key={id}>
            <i style={{ background: slotColour(slot) }} />
            <Link to="/runs/$run" params={{ run: id }} title={visible(label)} dir="auto">
              {visible(name)}
            </Link>
            <Button
              kind="quiet"
              size="small"
              icon="close"
              aria-label={`Leave ${visible(name)} out`}
              onClick={() =>
                void navigate({
                  search: (before) => ({ ...before, runs: ids.filter((other) => other !== id) }),
                  replace: true,
                })
              }
            />
          </li>
        ))}
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
        {tab === "curves" && <ComparedCurves runs={runs} />}
        {tab === "values" && <ComparedValues comparison={comparison} />}
        {tab === "scatter" && <Scatter comparison={comparison} />}
        {tab === "parallel" && <Parallel comparison={comparison} />}
        {tab === "code" && <CodeDifference runs={runs} />}
      </div>
    </>
  );
}
