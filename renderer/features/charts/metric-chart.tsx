import "uplot/dist/uPlot.min.css";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import { formatDuration } from "../../../shared/format.ts";
import { core } from "../../rpc/client.ts";
import { useShownTheme } from "../../state/preferences.ts";
import { chartAxes, readColours, useWidth } from "../../ui/chart.ts";
import { ErrorNotice } from "../../ui/notices.tsx";
import { notInTurn, inTurn } from "../../ui/frame-queue.ts";
import { alignLines } from "../../ui/align-lines.ts";
import { createLinePath } from "../../ui/band-path.ts";
import {
  type AxisRange,
  columnsFor,
  listenForWindow,
  mostColumns,
  zoomed,
} from "../../ui/chart-window.ts";
import { useInView } from "../../ui/in-view.ts";
import { useSettled } from "../../ui/settled.ts";
import { formatNumber } from "../../ui/numbers.ts";
import { lineOf, smooth } from "./chart-data.ts";
import type { ChartAxis, ChartLine, ChartWindow } from "./metric-charts.tsx";
import { asKept } from "./places.ts";
import { usePlaces } from "./use-places.ts";

const height = 164;
/** How many windows wide the data of a window are, itself in their middle. */
const loadedWindows = 2;
/** Lines of up to so many points are drawn as dots too. */
const fewPoints = 3;
/** px. */
const fullWidth = 1.6;
const faintWidth = 1;
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
  axis: ChartAxis;
  window: ChartWindow;
  smoothing: number;
  isLog: boolean;
  isLive: boolean;
  onWindow(window: ChartWindow): void;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const ownWidth = useWidth(frame);
  const width = useInView(frame) ? ownWidth : 0;
  const settled = useSettled(window);
  // All there is comes first, even where a window was chosen before this chart came into view.
  const [isKnown, setKnown] = useState(false);
  const asked = isKnown ? settled : null;
  // Besides a window, what it is moved over next.
  const loaded = asked && zoomed(asked, loadedWindows, (asked.from + asked.to) / 2);
  const columns = Math.min(mostColumns, columnsFor(ownWidth) * (asked ? loadedWindows : 1));
  const theme = useShownTheme();
  const points = shown.reduce((sum, { series }) => sum + series.points, 0);
  const places = usePlaces(shown, axis);
  const { data, error, refetch } = useQuery({
    ...core.metrics.chart.queryOptions({
      input: {
        series: shown.map(({ series: { id } }, index) => ({
          id,
          from: loaded && (places?.[index]?.kept(loaded.from) ?? null),
          to: loaded && (places?.[index]?.kept(loaded.to) ?? null),
        })),
        axis: axis === "epoch" ? "step" : axis,
        columns,
      },
    }),
    placeholderData: keepPreviousData,
    enabled: width > 0 && places !== undefined,
  });
  // A series that grew has another chart.
  const drawnPoints = useRef(points);
  useEffect(() => {
    if (drawnPoints.current === points || width === 0) return;
    drawnPoints.current = points;
    void refetch();
  }, [points, refetch, width]);
  const ids = shown.map(({ series: { id } }) => id).join(" ");
  const lines = useMemo(() => {
    // What stays until the answer comes may be of fewer lines, or of others.
    const charts = new Map(data?.map((chart) => [chart.series, chart]));
    return ids.split(" ").map((id, index) => {
      const chart = charts.get(Number(id));
      if (!chart) return { x: [], y: [] };
      const { x, y } = lineOf(chart);
      const { shown: shownAt } = places?.[index] ?? asKept;
      return { x: x.map(shownAt), y };
    });
  }, [data, places, ids]);
  // An answer is to what was asked when it came; until the next one it stays.
  const [answer, setAnswer] = useState({ data, asked });
  if (answer.data !== data) setAnswer({ data, asked });
  const isWhole = data !== undefined && answer.data === data && answer.asked === null;
  if (isWhole && !isKnown) setKnown(true);
  const tell = useRef(onWindow);
  useEffect(() => {
    tell.current = onWindow;
  }, [onWindow]);
  // What is to be shown, null for what the data have; and all there is.
  const view = useRef<AxisRange | null>(null);
  const whole = useRef<AxisRange | null>(null);
  useEffect(() => {
    view.current = window ?? (isWhole ? null : whole.current);
  }, [window, isWhole]);
  const aligned = useMemo((): uPlot.AlignedData => {
    const drawn = lines.flatMap(({ x, y }) => {
      const line = { x, y: smoothing > 0 ? smooth(y, smoothing) : y };
      // The faint line is there only beside a smoothed one.
      return [smoothing > 0 ? { x, y } : { x: [], y: [] }, line];
    });
    const { x, y } = alignLines(drawn, columns);
    return [x, ...y];
  }, [lines, smoothing, columns]);
  useEffect(() => {
    const [from, to] = [aligned[0][0], aligned[0].at(-1)];
    if (isWhole && from !== undefined && to !== undefined) whole.current = { from, to };
  }, [aligned, isWhole]);

  const plot = useRef<uPlot | null>(null);
  const drawn = useRef<uPlot.AlignedData | null>(null);
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
          x: {
            time: false,
            // New data change nothing about what part of them is shown.
            auto: () => view.current === null,
            min: view.current?.from,
            max: view.current?.to,
          },
          y: isLog ? { distr: 3 } : { range: (_, low, high) => padded(low, high) },
        },
        axes: chartAxes(
          colours,
          axis === "time"
            ? { space: 70, text: (seconds) => formatDuration(seconds * 1000) }
            : { space: 44, text: short },
          { size: 46, space: 26, text: short },
        ),
        series: [
          {},
          ...slots.split(" ").flatMap((slot): uPlot.Series[] => {
            const stroke = colours.lines[Number(slot)] ?? colours.axis;
            return [
              {
                ...lineLook(stroke, faintWidth),
                alpha: isSmooth ? 0.28 : 0,
                points: { show: false },
              },
              // A point alone makes no line.
              { ...lineLook(stroke, fullWidth), points: { show: hasDots, size: 6, fill: stroke } },
            ];
          }),
        ],
        hooks: {
          setSelect: [
            (self) => {
              const { left, width: selected } = self.select;
              if (selected < 4) return;
              const from = self.posToVal(left, "x");
              const to = self.posToVal(left + selected, "x");
              self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
              tell.current({ from, to });
            },
          ],
        },
      },
      [[]],
      element,
    );
    made.over.addEventListener("dblclick", () => tell.current(null));
    const stopListening = listenForWindow(element, {
      shown: () => rangeOf(made),
      whole: () => whole.current,
      placeAt: (clientX) => made.posToVal(clientX - made.over.getBoundingClientRect().left, "x"),
      onWindow: (next) => tell.current(next),
    });
    plot.current = made;
    return () => {
      stopListening();
      plot.current = null;
      drawn.current = null;
      made.destroy();
    };
  }, [width, theme, slots, isLog, axis, isSmooth, hasDots]);

  // A window is shown at once, with the data there are, while its own are on their way.
  useEffect(() => {
    const { current } = plot;
    if (!current) return undefined;
    const draw = () =>
      current.batch(() => {
        if (drawn.current !== aligned || !view.current) current.setData(aligned);
        drawn.current = aligned;
        if (view.current) current.setScale("x", { min: view.current.from, max: view.current.to });
      });
    // The one that is moved follows the hand; those that go along with it may come after it.
    if (drawn.current === null || frame.current?.matches(":hover, :focus")) draw();
    else inTurn(current, draw);
    return () => notInTurn(current);
  }, [aligned, window, isWhole, width, theme, slots, isLog, axis, isSmooth, hasDots]);

  if (error) return <ErrorNotice error={error} />;
  return <div ref={frame} role="img" aria-label={described(name, shown, isLive)} />;
}

function lineLook(stroke: string, width: number): uPlot.Series {
  return { stroke, fill: stroke, width, paths: createLinePath(width) };
}

function described(name: string, shown: readonly ChartLine[], isLive: boolean): string {
  const lines = shown.map(
    ({ label, series: { points, last, minimum, maximum } }) =>
      `${label}: ${points} points, last ${formatNumber(last)}, from ${formatNumber(minimum)} to ${formatNumber(maximum)}`,
  );
  return `Chart of ${name}${isLive ? ", still growing" : ""}. ${lines.join(". ")}`;
}

/** What a chart shows of its axis; null before it shows anything. */
function rangeOf(plot: uPlot): AxisRange | null {
  const { min, max } = plot.scales["x"] ?? {};
  if (typeof min !== "number" || typeof max !== "number" || min >= max) return null;
  return { from: min, to: max };
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
