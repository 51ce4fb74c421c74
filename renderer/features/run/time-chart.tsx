import "uplot/dist/uPlot.min.css";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import { formatDuration } from "../../../shared/format.ts";
import { useShownTheme } from "../../state/preferences.ts";
import { chartAxes, readColours, useWidth } from "../../ui/chart.ts";

const height = 130;

/** A quantity over time, from 0 up; times are ms, told from the first one. */
export function TimeChart({
  label,
  times,
  values,
  text,
}: {
  label: string;
  times: readonly number[];
  values: readonly (number | null)[];
  text(value: number): string;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const theme = useShownTheme();
  const write = useRef(text);
  useEffect(() => {
    write.current = text;
  }, [text]);
  useEffect(() => {
    const element = frame.current;
    if (!element || width === 0) return undefined;
    const colours = readColours();
    const start = times[0] ?? 0;
    const made = new uPlot(
      {
        width,
        height,
        padding: [8, 14, 0, 0],
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: false },
          y: { range: (_, _low, high) => [0, high > 0 ? high * 1.1 : 1] },
        },
        axes: chartAxes(
          colours,
          { space: 70, text: formatDuration },
          { size: 62, space: 28, text: (value) => write.current(value) },
        ),
        series: [
          {},
          {
            stroke: colours.lines[0] ?? colours.axis,
            width: 1.6,
            points: { show: values.length < 3, size: 6 },
          },
        ],
      },
      [times.map((time) => time - start), [...values]],
      element,
    );
    return () => made.destroy();
  }, [width, theme, times, values]);
  return <div ref={frame} role="img" aria-label={label} />;
}
