import { lazy, memo, Suspense, useState } from "react";
import type { MetricAxis, MetricSeries } from "../../../shared/metrics.ts";
import { visible } from "../../../shared/visible.ts";
import { Button } from "../../ui/button.tsx";
import { slotColour } from "../../ui/chart.ts";
import { useInTurn } from "../../ui/frame-queue.ts";
import { Panel, Segments } from "../../ui/layout.tsx";
import { formatNumber } from "../../ui/numbers.ts";
import styles from "./charts.module.css";

// The drawing library comes when there is something to draw.
const MetricChart = lazy(async () => ({
  default: (await import("./metric-chart.tsx")).MetricChart,
}));

export type ChartWindow = { from: number; to: number } | null;

/** What a chart's horizontal axis tells. Epochs are the values of the metric of that name. */
export type ChartAxis = MetricAxis | "epoch";

export type ChartLine = {
  series: MetricSeries;
  /** What its attempt reported as `epoch`; null where it did not. */
  epochs: MetricSeries | null;
  /** When its run began, seconds since 1970: times are told from there. */
  start: number;
  /** What tells it from the other lines of the chart. */
  label: string;
  /** Of the chart's colours, from 0 on; beyond them it is grey. */
  slot: number;
};

/** A metric with its lines. */
export type ChartGroup = { name: string; lines: readonly ChartLine[] };

/** More lines than these are not named beside the title. */
const mostNamed = 4;
/** Values alone, of lines that something else names, take the title's room sooner. */
const mostUnnamed = 2;

/** A chart per metric; all share the window and the place under the pointer. */
export function MetricCharts({
  groups,
  isLive,
  isNamed = true,
}: {
  groups: readonly ChartGroup[];
  isLive: boolean;
  /** Whether lines are named beside their values; not where something else tells their colours. */
  isNamed?: boolean;
}) {
  const [axis, setAxis] = useState<ChartAxis>("step");
  const [smoothing, setSmoothing] = useState(0);
  const [isLog, setLog] = useState(false);
  const [window, setWindow] = useState<ChartWindow>(null);
  const hasEpochs = groups.some((group) => hasAxis(group, "epoch"));
  return (
    <>
      <div className={styles["tools"]}>
        <Segments
          label="Horizontal axis"
          value={axis}
          options={[
            { value: "step", text: "Step" },
            ...(hasEpochs ? [{ value: "epoch" as const, text: "Epoch" }] : []),
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
        {groups.map((group) => (
          <InTurn
            key={group.name}
            group={group}
            isNamed={isNamed}
            axis={axis}
            window={window}
            smoothing={smoothing}
            isLog={isLog}
            isLive={isLive}
            onWindow={setWindow}
          />
        ))}
      </div>
    </>
  );
}

/** Whether all points of a metric have a place on an axis. */
function hasAxis({ lines }: ChartGroup, axis: ChartAxis): boolean {
  return lines.every(({ series: { points, steps, times }, epochs }) => {
    switch (axis) {
      case "position":
        return true;
      case "time":
        return times === points;
      case "step":
        return steps === points;
      case "epoch":
        return steps === points && epochs !== null;
    }
  });
}

const stay = (): void => undefined;

type ChartPanelProps = {
  group: ChartGroup;
  isNamed: boolean;
  axis: ChartAxis;
  window: ChartWindow;
  smoothing: number;
  isLog: boolean;
  isLive: boolean;
  onWindow(window: ChartWindow): void;
};

/** While a job goes on, all its charts get new lines at once. */
function InTurn({ group, ...rest }: ChartPanelProps) {
  return <ChartPanel group={useInTurn(group)} {...rest} />;
}

const ChartPanel = memo(function ChartPanel({
  group,
  isNamed,
  axis,
  window,
  onWindow,
  ...rest
}: ChartPanelProps) {
  const { name, lines } = group;
  // What has no such places is shown by others, and then goes its own way.
  const isShared = hasAxis(group, axis);
  const own = hasAxis(group, "step") ? "step" : "position";
  return (
    <Panel
      title={visible(name)}
      aside={
        <span className={styles["legend"]}>
          {(isNamed || lines.length <= mostUnnamed ? lines.slice(0, mostNamed) : []).map(
            ({ series, label, slot }) => (
              <span key={series.id} className="num clip">
                <i style={{ background: slotColour(slot) }} />
                {isNamed && lines.length > 1 && <span className="muted">{label} </span>}
                <b className="medium">{formatNumber(series.last)}</b>
              </span>
            ),
          )}
          {isNamed && lines.length > mostNamed && (
            <span className="muted num">and {lines.length - mostNamed} more</span>
          )}
        </span>
      }
    >
      <div className={styles["chart"]}>
        <Suspense fallback={null}>
          <MetricChart
            name={name}
            lines={lines}
            axis={isShared ? axis : own}
            window={isShared ? window : null}
            onWindow={isShared ? onWindow : stay}
            {...rest}
          />
        </Suspense>
      </div>
    </Panel>
  );
});
