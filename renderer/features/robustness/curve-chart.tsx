import "uplot/dist/uPlot.min.css";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import { useShownTheme } from "../../state/preferences.ts";
import { chartAxes, readColours, useWidth } from "../../ui/chart.ts";
import { formatNumber } from "../../ui/numbers.ts";
import type { CurveLine } from "./curves.tsx";

const height = 190;
/** From the fifth line on colours alone do not tell lines apart. */
const plainLines = 4;

/** Robust accuracy, %, against epsilon; says which epsilon is under the pointer. */
export function CurveChart({
  label,
  epsilons,
  lines,
  onPoint,
}: {
  label: string;
  epsilons: readonly number[];
  lines: readonly CurveLine[];
  onPoint(index: number | null): void;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const theme = useShownTheme();
  const point = useRef(onPoint);
  useEffect(() => {
    point.current = onPoint;
  }, [onPoint]);
  useEffect(() => {
    const element = frame.current;
    if (!element || width === 0) return undefined;
    const colours = readColours();
    const made = new uPlot(
      {
        width,
        height,
        legend: { show: false },
        cursor: { points: { size: 6 }, y: false, drag: { x: false, y: false } },
        scales: { x: { time: false }, y: { range: [0, 100] } },
        axes: chartAxes(colours, { text: formatNumber }, { size: 44, text: (mark) => `${mark} %` }),
        series: [
          {},
          ...lines.map(({ slot, strong }, index): uPlot.Series => ({
            stroke: slot === null ? colours.text : (colours.lines[slot] ?? colours.axis),
            width: strong ? 2.4 : 1.6,
            dash: index >= plainLines ? [5, 3] : undefined,
            points: { show: false },
          })),
        ],
        hooks: {
          setCursor: [({ cursor }) => point.current(cursor.idx ?? null)],
        },
      },
      [
        [...epsilons],
        ...lines.map(({ robustAccuracy }) => robustAccuracy.map((share) => share * 100)),
      ],
      element,
    );
    return () => made.destroy();
  }, [width, theme, epsilons, lines]);
  return <div ref={frame} role="img" aria-label={label} />;
}
