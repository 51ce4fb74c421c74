import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import type { MetricSeries } from "../../../shared/metrics.ts";
import type { RunView } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { core } from "../../rpc/client.ts";
import { EmptyState, ErrorNotice, Skeleton } from "../../ui/notices.tsx";
import { epochsOf } from "../charts/chart-data.ts";
import { type ChartGroup, type ChartLine, MetricCharts } from "../charts/metric-charts.tsx";

/** Between two looks at the series of runs that go on, ms. */
const interval = 2000;

/** A chart per metric, with a line for each run that reported it. */
export function ComparedCurves({
  runs,
  slots,
}: {
  runs: readonly RunView[];
  slots: readonly number[];
}) {
  const isLive = runs.some(({ state }) => state === "queued" || state === "running");
  const results = useQueries({
    queries: runs.map(({ id, state }) =>
      core.metrics.series.queryOptions({
        input: { run: id },
        meta: { follows: ["job"] },
        refetchInterval: state === "queued" || state === "running" ? interval : false,
      }),
    ),
    combine: (all) => ({
      data: all.map(({ data }) => data),
      error: all.find(({ error }) => error)?.error ?? null,
    }),
  });
  const groups = useMemo(() => linesByName(runs, slots, results.data), [runs, slots, results.data]);
  if (results.error) return <ErrorNotice error={results.error} />;
  if (results.data.every((series) => series === undefined)) return <Skeleton lines={8} />;
  if (groups.length === 0)
    return (
      <EmptyState title="No curves to compare">None of these runs reported a metric.</EmptyState>
    );
  return <MetricCharts groups={groups} isLive={isLive} isNamed={false} />;
}

/** Metrics that most runs have come first; of a run the newest attempt counts. */
function linesByName(
  runs: readonly RunView[],
  slots: readonly number[],
  all: readonly (readonly MetricSeries[] | undefined)[],
): ChartGroup[] {
  const byName = new Map<string, ChartLine[]>();
  runs.forEach((run, index) => {
    const newest = new Map<string, MetricSeries>();
    for (const series of all[index] ?? []) if (series.points > 0) newest.set(series.name, series);
    const start = (run.startedAt ?? run.createdAt) / 1000;
    for (const [name, series] of newest) {
      const epochs = epochsOf(series, all[index] ?? []);
      const slot = slots[index] ?? 0;
      const line = { series, epochs, start, slot, label: visible(run.name) };
      byName.set(name, [...(byName.get(name) ?? []), line]);
    }
  });
  return [...byName]
    .map(([name, lines]) => ({ name, lines }))
    .sort((a, b) => b.lines.length - a.lines.length || a.name.localeCompare(b.name));
}
