import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { MetricSeries } from "../../../shared/metrics.ts";
import { core } from "../../rpc/client.ts";
import { Panel } from "../../ui/layout.tsx";
import { ErrorNotice, Skeleton } from "../../ui/notices.tsx";
import { epochsOf } from "../charts/chart-data.ts";
import { type ChartGroup, type ChartLine, MetricCharts } from "../charts/metric-charts.tsx";

/** Between two looks at the series of a run that goes on, ms. */
const interval = 1000;
/** More lines in a chart cannot be told apart. */
const mostLines = 10;

/** A chart per metric of a run, a line per attempt that reported it. */
export function Charts({
  run,
  start,
  isLive,
}: {
  run: string;
  /** When the run began, milliseconds since 1970. */
  start: number;
  isLive: boolean;
}) {
  const { data, error } = useQuery(
    core.metrics.series.queryOptions({
      input: { run },
      refetchInterval: isLive ? interval : false,
      meta: { follows: ["job"] },
    }),
  );
  const groups = useMemo(() => linesByName(data ?? [], start / 1000), [data, start]);
  if (error) return <ErrorNotice error={error} />;
  if (!data) return <Skeleton lines={6} />;
  if (groups.length === 0)
    return (
      <Panel title="Metrics">
        <p className="muted" style={{ padding: "0 12px 12px" }}>
          {isLive ? "None has arrived yet." : "This run reported none."} Programs write them to
          out/metrics.jsonl.
        </p>
      </Panel>
    );
  return <MetricCharts groups={groups} isLive={isLive} />;
}

/** The newest lines of each metric, in the order of names. */
function linesByName(all: readonly MetricSeries[], start: number): ChartGroup[] {
  const byName = new Map<string, MetricSeries[]>();
  for (const series of all) {
    if (series.points === 0) continue;
    byName.set(series.name, [...(byName.get(series.name) ?? []), series]);
  }
  return [...byName]
    .map(([name, some]) => ({
      name,
      lines: some.slice(-mostLines).map((series, slot): ChartLine => ({
        series,
        slot,
        start,
        epochs: epochsOf(series, all),
        label: labelOf(series),
      })),
    }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

function labelOf({ stage, attempt }: MetricSeries): string {
  return attempt === 1 ? stage : `${stage} ${attempt}`;
}
