import { useMemo, useRef, useState } from "react";
import type { RunComparison } from "../../../shared/views.ts";
import { visible } from "../../../shared/visible.ts";
import { slotColour, useWidth } from "../../ui/chart.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/layout.tsx";
import { EmptyState } from "../../ui/notices.tsx";
import { formatNumber } from "../../ui/numbers.ts";
import { Select } from "../../ui/select.tsx";
import { type Axis, axesOf, canBeLog, firstAxes, marksOf, shareOf } from "./axes.ts";
import styles from "./page.module.css";

const height = 420;
const margin = { left: 72, right: 40, top: 24, bottom: 44 };

/** Each run as a dot, by two of the values in which they differ. */
export function Scatter({
  comparison,
  slots,
}: {
  comparison: RunComparison;
  slots: readonly number[];
}) {
  const axes = useMemo(() => axesOf(comparison), [comparison]);
  const [chosen, setChosen] = useState<{ x?: string; y?: string }>({});
  const [logs, setLogs] = useState({ x: false, y: false });
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const first = firstAxes(axes);
  const x = axes.find(({ id }) => id === chosen.x) ?? first?.x;
  const y = axes.find(({ id }) => id === chosen.y) ?? first?.y;
  if (!x || !y)
    return (
      <EmptyState title="Nothing to place the runs by">
        A scatter needs a parameter, result or metric in which the runs differ.
      </EmptyState>
    );
  const inner = Math.max(10, width - margin.left - margin.right);
  const isLog = { x: logs.x && canBeLog(x), y: logs.y && canBeLog(y) };
  const xAt = (place: number) => margin.left + shareOf(x, place, isLog.x) * inner;
  const yAt = (place: number) =>
    height - margin.bottom - shareOf(y, place, isLog.y) * (height - margin.top - margin.bottom);
  return (
    <>
      <div className={styles["tools"]}>
        <AxisField
          label="Across"
          axes={axes}
          axis={x}
          isLog={isLog.x}
          onLog={(on) => setLogs({ ...logs, x: on })}
          onChoose={(id) => setChosen({ ...chosen, x: id })}
        />
        <AxisField
          label="Up"
          axes={axes}
          axis={y}
          isLog={isLog.y}
          onLog={(on) => setLogs({ ...logs, y: on })}
          onChoose={(id) => setChosen({ ...chosen, y: id })}
        />
      </div>
      <div ref={frame} className={styles["drawing"]}>
        <svg
          width={width}
          height={height}
          role="img"
          aria-label={`${comparison.runs.length} runs by ${visible(x.name)} and ${visible(y.name)}`}
        >
          {marksOf(y, 6, isLog.y).map((mark) => (
            <g key={mark}>
              <line
                className={styles["grid"]}
                x1={margin.left}
                x2={width - margin.right}
                y1={yAt(mark)}
                y2={yAt(mark)}
              />
              <text
                className={styles["mark"]}
                x={margin.left - 8}
                y={yAt(mark) + 4}
                textAnchor="end"
              >
                {markText(y, mark)}
              </text>
            </g>
          ))}
          {marksOf(x, Math.max(3, inner / 110), isLog.x).map((mark) => (
            <text
              key={mark}
              className={styles["mark"]}
              x={xAt(mark)}
              y={height - 12}
              textAnchor="middle"
            >
              {markText(x, mark)}
            </text>
          ))}
          {comparison.runs.map(({ id, name }, index) => {
            const [across, up] = [x.places[index], y.places[index]];
            if (across === null || across === undefined || up === null || up === undefined)
              return null;
            return (
              <circle
                key={id}
                cx={xAt(across)}
                cy={yAt(up)}
                r="5.5"
                fill={slotColour(slots[index] ?? 0)}
                className={styles["dot"]}
              >
                <title>{`${visible(name)}: ${visible(x.name)} ${markText(x, across)}, ${visible(y.name)} ${markText(y, up)}`}</title>
              </circle>
            );
          })}
        </svg>
      </div>
    </>
  );
}

function AxisField({
  label,
  axes,
  axis,
  isLog,
  onLog,
  onChoose,
}: {
  label: string;
  axes: readonly Axis[];
  axis: Axis;
  isLog: boolean;
  onLog(isLog: boolean): void;
  onChoose(id: string): void;
}) {
  return (
    <>
      <Field label={label}>
        <Select
          value={axis.id}
          options={axes.map(({ id, name }) => ({ value: id, text: visible(name) }))}
          onChange={onChoose}
        />
      </Field>
      {canBeLog(axis) && (
        <Button
          size="small"
          pressed={isLog}
          aria-label={`Log scale, ${label.toLowerCase()}`}
          onClick={() => onLog(!isLog)}
        >
          Log scale
        </Button>
      )}
    </>
  );
}

/** A place on an axis as text. */
export function markText({ words }: Axis, place: number): string {
  return words ? visible(words[place] ?? "") : formatNumber(Number(place.toPrecision(6)));
}
