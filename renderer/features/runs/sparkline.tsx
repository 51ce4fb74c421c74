import { useQuery } from "@tanstack/react-query";
import { formatCount } from "../../../shared/format.ts";
import type { Sparkline as Line } from "../../../shared/metrics.ts";
import type { RunRow } from "../../../shared/runs-table.ts";
import { visible } from "../../../shared/visible.ts";
import { formatNumber } from "../../ui/numbers.ts";
import { sparklineOf } from "./sparkline-batch.ts";
import styles from "./sparkline.module.css";

/** Space for the stroke and the dot at the end, px. */
const margin = 2.5;
/** How often the course of what runs is looked at, ms. */
const interval = 2000;

type Size = {
  /** px */
  width?: number;
  height?: number;
};

/** The course of a metric in a run, from its smallest to its largest value. */
export function Sparkline({
  run,
  metric,
  ...size
}: Size & { run: Pick<RunRow, "id" | "state">; metric: string }) {
  const isLive = run.state === "running" || run.state === "queued";
  const { data, isError } = useQuery({
    // One that has ended is asked for once more: the last points came with the end.
    queryKey: ["sparkline", metric, run.id, isLive],
    queryFn: ({ signal }) => sparklineOf(metric, run.id, signal),
    enabled: run.state !== "queued",
    refetchInterval: isLive ? interval : false,
    placeholderData: (before) => before,
    gcTime: 60_000,
  });
  if (isError) return <span className="subtle">not read</span>;
  if (data === undefined && run.state !== "queued") return null;
  if (!data) return <span className="subtle">–</span>;
  const look = isLive ? "live" : run.state === "failed" ? "failed" : undefined;
  return <Drawn line={data} metric={metric} look={look} {...size} />;
}

function Drawn({
  line: { points, values },
  metric,
  look,
  width = 84,
  height = 18,
}: Size & { line: Line; metric: string; look: string | undefined }) {
  const innerWidth = width - 2 * margin;
  const innerHeight = height - 2 * margin;
  const low = Math.min(...values);
  const high = Math.max(...values);
  const x = (index: number) => margin + (index / Math.max(1, values.length - 1)) * innerWidth;
  // A value that never changes is a line in the middle.
  const y = (value: number) =>
    high === low
      ? height / 2
      : margin + (1 - (value / 2 - low / 2) / (high / 2 - low / 2)) * innerHeight;
  const last = values.at(-1) ?? low;
  const ends = `from ${formatNumber(values[0] ?? last)} to ${formatNumber(last)}`;
  const told = `${visible(metric)} ${ends}, ${formatCount(points, "point")}`;
  return (
    <svg
      className={styles["line"]}
      data-look={look}
      width={width}
      height={height}
      role="img"
      aria-label={told}
    >
      <title>{told}</title>
      <polyline
        points={values.map((value, at) => `${round(x(at))},${round(y(value))}`).join(" ")}
      />
      <circle cx={round(x(values.length - 1))} cy={round(y(last))} r={1.8} />
    </svg>
  );
}

function round(place: number): number {
  return Math.round(place * 10) / 10;
}
