import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, useState } from "react";
import type { MetricAxis, MetricSeries } from "../../../shared/metrics.ts";
import { visible } from "../../../shared/visible.ts";
import { core } from "../../rpc/client.ts";
import { Panel, Segments } from "../../ui/layout.tsx";
import { Button } from "../../ui/button.tsx";
import { ErrorNotice, Skeleton } from "../../ui/notices.tsx";
import { formatNumber } from "../../ui/numbers.ts";
import styles from "./page.module.css";

// The drawing library comes when there is something to draw.
const MetricChart = lazy(async () => ({
  default: (await import("./metric-chart.tsx")).MetricChart,
}));

export type ChartWindow = { from: number; to: number } | null;

/** Between two looks at the series of a run that goes on, ms. */
const interval = 1000;
/** More lines in a chart cannot be told apart. */
const mostLines = 10;

/** A chart per metric; all share the window and the place under the pointer. */
export function Charts({ run, isLive }: { run: string; isLive: boolean }) {
  const [axis, setAxis] = useState<MetricAxis>("step");
  const [smoothing, setSmoothing] = useState(0);
  const [isLog, setLog] = useState(false);
  const [window, setWindow] = useState<ChartWindow>(null);
  const { data, error } = useQuery(
    core.metrics.series.queryOptions({
      input: { run },
      refetchInterval: isLive ? interval : false,
      meta: { follows: ["job"] },
    }),
  );
  const groups = useMemo(() => seriesByName(data ?? []), [data]);
  const hasSteps = data?.every(({ steps, points }) => steps === points) ?? true;
  const hasTimes = data?.every(({ times, points }) => times === points) ?? true;
  const shownAxis =
    (axis === "step" && !hasSteps) || (axis === "time" && !hasTimes) ? "position" : axis;

  if (error) return <ErrorNotice error={error} />;
  if (!data) return <Skeleton lines={6} />;
  if (groups.length === 0)
    return (
      <Panel title="Metrics" className={styles["charts"]}>
        <p className="muted" style={{ padding: "0 12px 12px" }}>
          {isLive ? "None has arrived yet." : "This run reported none."} Programs write them to
          out/metrics.jsonl.
        </p>
      </Panel>
    );
  return (
    <>
      <div className={styles["chartTools"]}>
        <Segments
          label="Horizontal axis"
          value={axis}
          options={[
            { value: "step", text: "Step" },
            { value: "time", text: "Time" },
            { value: "position", text: "Position" },
          ]}
          onChange={(next) => {
            setAxis(next);
            setWindow(null);
          }}
        />
        <label>
          Smoothing
          <input
            type="range"
            min={0}
            max={0.98}
            step={0.02}
            value={smoothing}
            onChange={(event) => setSmoothing(Number(event.target.value))}
          />
          <span className="num">{smoothing.toFixed(2)}</span>
        </label>
        <Button size="small" pressed={isLog} onClick={() => setLog(!isLog)}>
          Log scale
        </Button>
        {window && (
          <Button size="small" icon="close" onClick={() => setWindow(null)}>
            Whole range
          </Button>
        )}
      </div>
      <div className={styles["charts"]}>
        {groups.map(({ name, series }) => (
          <Panel
            key={name}
            title={visible(name)}
            aside={
              <span className={styles["legend"]}>
                {series.map((line, index) => (
                  <span key={line.id} className="num">
                    <i style={{ background: `var(--chart-${index + 1})` }} />
                    {series.length > 1 && <span className="muted">{lineName(line)} </span>}
                    <b className="medium">{formatNumber(line.last)}</b>
                  </span>
                ))}
              </span>
            }
          >
            <div className={styles["chart"]}>
              <Suspense fallback={null}>
                <MetricChart
                  name={name}
                  series={series}
                  axis={shownAxis}
                  window={window}
                  smoothing={smoothing}
                  isLog={isLog}
                  isLive={isLive}
                  onWindow={setWindow}
                />
              </Suspense>
            </div>
          </Panel>
        ))}
      </div>
    </>
  );
}

function lineName({ stage, attempt }: MetricSeries): string {
  return attempt === 1 ? stage : `${stage} ${attempt}`;
}

/** The newest lines of each metric, in the order of names. */
function seriesByName(all: readonly MetricSeries[]): { name: string; series: MetricSeries[] }[] {
  const byName = new Map<string, MetricSeries[]>();
  for (const series of all) {
    if (series.points === 0) continue;
    byName.set(series.name, [...(byName.get(series.name) ?? []), series]);
  }
  return [...byName]
    .map(([name, series]) => ({ name, series: series.slice(-mostLines) }))
    .sort((a, b) => a.name.localeCompare(b.name));
}
