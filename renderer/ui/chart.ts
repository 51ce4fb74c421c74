/** What all charts share: how wide they are and how they look. */
import { type RefObject, useEffect, useState } from "react";
import type uPlot from "uplot";

/** The width of an element as it changes, px; 0 before it is known. */
export function useWidth(element: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (!element.current) return undefined;
    const observer = new ResizeObserver(([entry]) =>
      setWidth(Math.round(entry?.contentRect.width ?? 0)),
    );
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return width;
}

export type ChartColours = { text: string; axis: string; grid: string; lines: string[] };

/** A canvas knows no CSS variables: read again when the theme changes. */
export function readColours(): ChartColours {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  return {
    text: colour("--fg-default"),
    axis: colour("--chart-axis"),
    grid: colour("--chart-grid"),
    lines: Array.from({ length: chartSlots }, (_, index) => colour(`--chart-${index + 1}`)),
  };
}

/** Colours that can be told apart. */
export const chartSlots = 10;

/** The colour of a line by its slot, as CSS; grey beyond the last. */
export function slotColour(slot: number): string {
  return slot < chartSlots ? `var(--chart-${slot + 1})` : "var(--chart-axis)";
}

type AxisText = {
  /** px that its marks take. */
  size?: number;
  /** px between two marks at least. */
  space?: number;
  text(mark: number): string;
};

/** The axes of every chart: marks below without lines, marks on the left with quiet ones. */
export function chartAxes({ axis, grid }: ChartColours, x: AxisText, y: AxisText): uPlot.Axis[] {
  const look = ({ text, size, space }: AxisText): uPlot.Axis => ({
    stroke: axis,
    font: '440 10.5px "Inter Variable", system-ui, sans-serif',
    ticks: { show: false },
    gap: 4,
    size,
    ...(space !== undefined && { space }),
    // On a log axis marks without a text are null.
    values: (_, marks: (number | null)[]) => marks.map((mark) => (mark === null ? "" : text(mark))),
  });
  return [
    { ...look({ size: 22, ...x }), grid: { show: false } },
    { ...look(y), grid: { stroke: grid, width: 1 } },
  ];
}
