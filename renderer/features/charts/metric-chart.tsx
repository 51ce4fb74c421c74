import "uplot/dist/uPlot.min.css";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import type { MetricAxis } from "../../../shared/metrics.ts";
import { formatDuration } from "../../../shared/format.ts";
import { core } from "../../rpc/client.ts";
import { useShownTheme } from "../../state/preferences.ts";
import { axisLook, readColours, useWidth } from "../../ui/chart.ts";
import { ErrorNotice } from "../../ui/notices.tsx";
import { formatNumber } from "../../ui/numbers.ts";
import { lineOf, smooth } from "./chart-data.ts";
import type { ChartLine, ChartWindow } from "./metric-charts.tsx";

const height = 164;
/** Lines of up to so many points are drawn as dots too. */
const fewPoints = 3;
/** Charts with this key share the place under the pointer. */
const pointer = uPlot.sync("metrics");

/** Lines of one metric in a window: as they are, faint, and smoothed. */
export function MetricChart({
  name,
  lines: shown,
  axis,
  window,
  smoothing,
  isLog,
  isLive,
  onWindow,
}: {
  name: string;
  lines: readonly ChartLine[];
  axis: MetricAxis;
  window: ChartWindow;
  smoothing: number;
  isLog: boolean;
  isLive: boolean;
  onWindow(window: ChartWindow): void;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const theme = useShownTheme();
  const points = shown.reduce((sum, { series }) => sum + series.points, 0);
  const { data, error, refetch } = useQuery({
    ...core.metrics.chart.queryOptions({
      input: {
        series: shown.map(({ series }) => series.id),
        axis,
        from: window?.from ?? null,
        to: window?.to ?? null,
        columns: Math.max(1, Math.min(4096, Math.round(width))),
      },
    }),
    placeholderData: keepPreviousData,
    enabled: width > 0,
  });
  // A series that grew has another chart.
  const drawnPoints = useRef(points);
  useEffect(() => {
    if (drawnPoints.current === points) return;
    drawnPoints.current = points;
    void refetch();
  }, [points, refetch]);
  const lines = useMemo(() => (data ?? []).map(lineOf), [data]);
  // Times are told from the start of the whole range, zoomed or not.
  const [start, setStart] = useState(0);
  const begin = Math.min(...lines.map(({ x }) => x[0] ?? Infinity));
  const wholeStart = axis === "time" && Number.isFinite(begin) ? begin : 0;
  if (window === null && start !== wholeStart) setStart(wholeStart);
  const zoom = useRef({ onWindow, start });
  useEffect(() => {
    zoom.current = { onWindow, start };
  }, [onWindow, start]);
  const aligned = useMemo((): uPlot.AlignedData => {
    const tables = lines.map(({ x, y }): uPlot.AlignedData => [
      start === 0 ? x : x.map((value) => value - start),
      y,
      smoothing > 0 ? smooth(y, smoothing) : y,
    ]);
    return tables.length === 0 ? [[]] : uPlot.join(tables);
  }, [lines, smoothing, start]);

  const plot = useRef<uPlot | null>(null);
  const slots = shown.map(({ slot }) => slot).join(" ");
  const isSmooth = smoothing > 0;
  const hasDots = shown.every(({ series }) => series.points <= fewPoints);
  useEffect(() => {
    const element = frame.current;
    if (!element || width === 0) return undefined;
    const colours = readColours();
    const made = new uPlot(
      {
        width,
        height,
        padding: [8, 14, 0, 0],
        legend: { show: false },
        cursor: {
          sync: { key: pointer.key },
          points: { size: 6 },
          y: false,
          drag: { x: true, y: false, setScale: false },
        },
        scales: {
          x: { time: false },
          y: isLog ? { distr: 3 } : { range: (_, low, high) => padded(low, high) },
        },
        axes: [
          {
            ...axisLook(colours),
            size: 22,
            grid: { show: false },
            values: (_, marks) =>
              marks.map((mark) => (axis === "time" ? formatDuration(mark * 1000) : short(mark))),
            space: axis === "time" ? 70 : 44,
          },
          {
            ...axisLook(colours),
            size: 46,
            space: 26,
            grid: { stroke: colours.grid, width: 1 },
            values: (_, marks) => marks.map((mark) => (mark === null ? "" : short(mark))),
          },
        ],
        series: [
          {},
          ...slots.split(" ").flatMap((slot): uPlot.Series[] => {
            const stroke = colours.lines[Number(slot)] ?? colours.axis;
            return [
              { stroke, width: 1, alpha: isSmooth ? 0.28 : 0, points: { show: false } },
              // A point alone makes no line.
              { stroke, width: 1.6, points: { show: hasDots, size: 6, fill: stroke } },
            ];
          }),
        ],
        hooks: {
          setSelect: [
            (self) => {
              const { left, width: selected } = self.select;
              if (selected < 4) return;
              const { onWindow: tell, start: offset } = zoom.current;
              const from = self.posToVal(left, "x") + offset;
              const to = self.posToVal(left + selected, "x") + offset;
              self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
              tell({ from, to });
            },
          ],
        },
      },
      [[]],
      element,
    );
    made.over.addEventListener("dblclick", () => zoom.current.onWindow(null));
    plot.current = made;
    return () => {
      plot.current = null;
      made.destroy();
    };
  }, [width, theme, slots, isLog, axis, isSmooth, hasDots]);

  useEffect(() => {
    plot.current?.setData(aligned);
  }, [aligned, width, theme, slots, isLog, axis, isSmooth, hasDots]);

  if (error) return <ErrorNotice error={error} />;
  return <div ref={frame} role="img" aria-label={described(name, shown, isLive)} />;
}

function described(name: string, shown: readonly ChartLine[], isLive: boolean): string {
  const lines = shown.map(
    ({ label, series: { points, last, minimum, maximum } }) =>
      `${label}: ${points} points, last ${formatNumber(last)}, from ${formatNumber(minimum)} to ${formatNumber(maximum)}`,
  );
  return `Chart of ${name}${isLive ? ", still growing" : ""}. ${lines.join(". ")}`;
}

function padded(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 1];
  const space = high === low ? Math.abs(high) * 0.1 || 1 : (high - low) * 0.06;
  return [low - space, high + space];
}

function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e9) return `${formatNumber(value / 1e9)}G`;
  if (size >= 1e6) return `${formatNumber(value / 1e6)}M`;
  if (size >= 1e4) return `${formatNumber(value / 1e3)}k`;
  return formatNumber(Number(value.toPrecision(3)));
}
