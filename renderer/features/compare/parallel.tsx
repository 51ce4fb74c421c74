import { useMemo, useRef, useState } from "react";
import type { RunComparison } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { classes } from "../../ui/classes.ts";
import { slotColour, useWidth } from "../../ui/chart.ts";
import { EmptyState } from "../../ui/notices.tsx";
import { Scroll } from "../../ui/scroll.tsx";
import { axesOf, shareOf } from "./axes.ts";
import styles from "./page.module.css";
import { markText } from "./scatter.tsx";

const height = 440;
const margin = { side: 80, top: 44, bottom: 28 };
/** px between two axes at least; with more the drawing scrolls. */
const narrowest = 120;

/** A line per run through its values, an axis for each in which the runs differ. */
export function Parallel({
  comparison,
  slots,
}: {
  comparison: RunComparison;
  slots: readonly number[];
}) {
  const axes = useMemo(() => axesOf(comparison), [comparison]);
  const [near, setNear] = useState<string | null>(null);
  const frame = useRef<HTMLDivElement>(null);
  const seen = useWidth(frame);
  if (axes.length < 2)
    return (
      <EmptyState title="Too little differs">
        Parallel coordinates need two parameters, results or metrics in which the runs differ.
      </EmptyState>
    );
  const width = Math.max(seen, (axes.length - 1) * narrowest + 2 * margin.side);
  const xAt = (index: number) =>
    margin.side + (index * (width - 2 * margin.side)) / (axes.length - 1);
  const yAt = (share: number) =>
    height - margin.bottom - share * (height - margin.top - margin.bottom);
  return (
    <Scroll ref={frame} label="Parallel coordinates" className={styles["drawing"]}>
      <svg
        width={width}
        height={height}
        role="img"
        aria-label={`${comparison.runs.length} runs over ${axes.map(({ name }) => visible(name)).join(", ")}`}
      >
        {comparison.runs.map(({ id, name, label }, run) => {
          // A run without a value there passes the axis by.
          const points = axes.flatMap((axis, index) => {
            const place = axis.places[run];
            return place === null || place === undefined
              ? []
              : [`${xAt(index)},${yAt(shareOf(axis, place))}`];
          });
          return (
            <polyline
              key={id}
              points={points.join(" ")}
              stroke={slotColour(slots[run] ?? 0)}
              className={classes(
                styles["run"],
                near === id && styles["near"],
                near !== null && near !== id && styles["far"],
              )}
              onPointerEnter={() => setNear(id)}
              onPointerLeave={() => setNear(null)}
            >
              <title>{`${visible(name)} ${visible(label)}`}</title>
            </polyline>
          );
        })}
        {axes.map((axis, index) => (
          <g key={axis.id} className={styles["axis"]}>
            <line x1={xAt(index)} x2={xAt(index)} y1={margin.top} y2={height - margin.bottom} />
            <text x={xAt(index)} y={16} textAnchor="middle" className={styles["axisName"]}>
              {shortened(visible(axis.name))}
              <title>{visible(axis.name)}</title>
            </text>
            <text x={xAt(index)} y={34} textAnchor="middle" className={styles["mark"]}>
              {shortened(markText(axis, axis.high))}
            </text>
            <text x={xAt(index)} y={height - 10} textAnchor="middle" className={styles["mark"]}>
              {shortened(markText(axis, axis.low))}
            </text>
          </g>
        ))}
      </svg>
    </Scroll>
  );
}

function shortened(name: string): string {
  return name.length > 18 ? `${name.slice(0, 17)}…` : name;
}
