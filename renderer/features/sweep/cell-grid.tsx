import { Link, useNavigate } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { formatDuration } from "../../../shared/format.ts";
import { visible } from "../../../shared/visible.ts";
import { classes } from "../../ui/classes.ts";
import { formatNumber } from "../../ui/numbers.ts";
import { State } from "../../ui/state.tsx";
import styles from "./page.module.css";
import type { Cell } from "./use-cells.ts";

/** px, with the gap to the next. */
const narrowest = 236;
const rowHeight = 80;

/**
 * The cells of a sweep in their order, as many beside each other as fit; only those in view exist.
 * Keys: arrows, Page Up and Down, Home, End; Enter opens the cell's run.
 */
export function CellGrid({
  label,
  count,
  cellAt,
  metric,
  best,
  onView,
}: {
  label: string;
  count: number;
  cellAt(index: number): Cell | undefined;
  /** The objective's name; null without one. */
  metric: string | null;
  /** Index of the best cell so far. */
  best: number | null;
  onView(first: number, last: number): void;
}) {
  const navigate = useNavigate();
  const scroller = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [focused, setFocused] = useState(0);
  useEffect(() => {
    if (!scroller.current) return undefined;
    const observer = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? 0));
    observer.observe(scroller.current);
    return () => observer.disconnect();
  }, []);
  const across = Math.max(1, Math.min(count, Math.floor(width / narrowest)));
  const virtual = useVirtualizer({
    count: Math.ceil(count / across),
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 4,
    paddingStart: 8,
  });
  const rows = virtual.getVirtualItems();
  const first = (rows[0]?.index ?? 0) * across;
  const last = Math.min(count - 1, ((rows.at(-1)?.index ?? 0) + 1) * across - 1);
  useEffect(() => onView(first, Math.max(0, last)), [onView, first, last]);
  const current = Math.min(focused, count - 1);

  function move(to: number): void {
    const index = Math.max(0, Math.min(to, count - 1));
    setFocused(index);
    virtual.scrollToIndex(Math.floor(index / across), { align: "auto" });
  }

  function open(index: number): void {
    const run = cellAt(index)?.runId;
    if (run) void navigate({ to: "/runs/$run", params: { run } });
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== scroller.current) return;
    const height = scroller.current?.clientHeight ?? 0;
    const page = Math.max(1, Math.floor(height / rowHeight) - 1) * across;
    const steps: Record<string, number> = {
      ArrowRight: current + 1,
      ArrowLeft: current - 1,
      ArrowDown: current + across,
      ArrowUp: current - across,
      j: current + 1,
      k: current - 1,
      PageDown: current + page,
      PageUp: current - page,
      Home: 0,
      End: count - 1,
    };
    const to = steps[event.key];
    if (to !== undefined) move(to);
    else if (event.key === "Enter") open(current);
    else return;
    event.preventDefault();
  }

  return (
    <div
      ref={scroller}
      className={styles["grid"]}
      role="grid"
      aria-label={label}
      aria-rowcount={Math.ceil(count / across)}
      aria-colcount={across}
      aria-activedescendant={`cell-${current}`}
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      <div role="presentation" style={{ height: virtual.getTotalSize(), position: "relative" }}>
        {rows.map(({ index: row, start }) => (
          <div
            key={row}
            role="row"
            tabIndex={-1}
            aria-rowindex={row + 1}
            className={styles["gridRow"]}
            style={{
              transform: `translateY(${start}px)`,
              gridTemplateColumns: `repeat(${across}, minmax(0, 1fr))`,
            }}
          >
            {Array.from({ length: Math.min(across, count - row * across) }, (_, column) => {
              const index = row * across + column;
              return (
                <CellCard
                  key={index}
                  index={index}
                  cell={cellAt(index)}
                  metric={metric}
                  isBest={index === best}
                  isFocused={index === current}
                  onOpen={() => {
                    setFocused(index);
                    open(index);
                  }}
                />
              );
            })}
          </div>
        ))}
      </div>
    </div>
  );
}

function CellCard({
  index,
  cell,
  metric,
  isBest,
  isFocused,
  onOpen,
}: {
  index: number;
  cell: Cell | undefined;
  metric: string | null;
  isBest: boolean;
  isFocused: boolean;
  onOpen(): void;
}) {
  return (
    <div
      id={`cell-${index}`}
      role="gridcell"
      tabIndex={-1}
      className={classes(styles["cell"], isFocused && styles["focused"])}
      data-state={cell?.state}
      onClick={(event) => {
        if (!(event.target as Element).closest("a")) onOpen();
      }}
    >
      {cell ? (
        <CellText cell={cell} metric={metric} isBest={isBest} />
      ) : (
        <i className={styles["pending"]} />
      )}
    </div>
  );
}

function CellText({
  cell,
  metric,
  isBest,
}: {
  cell: Cell;
  metric: string | null;
  isBest: boolean;
}) {
  const label = visible(cell.label) || "defaults";
  const took =
    cell.startedAt === null || cell.endedAt === null
      ? null
      : formatDuration(cell.endedAt - cell.startedAt);
  return (
    <>
      <span className={styles["line"]}>
        <span className={classes("mono clip", styles["label"])} title={label}>
          {label}
        </span>
        <span className="grow" />
        {isBest && <span className={styles["best"]}>best</span>}
        {cell.value !== null && (
          <span
            className={classes("num", isBest ? "medium" : "subtle")}
            title={metric === null ? undefined : visible(metric)}
          >
            {formatNumber(cell.value)}
          </span>
        )}
      </span>
      <span className={styles["line"]}>
        <State
          state={cell.state}
          text={cell.reason ? `${cell.state}: ${visible(cell.reason)}` : null}
        />
        <span className="grow" />
        {took && <span className="subtle num">{took}</span>}
      </span>
      <span className={styles["line"]}>
        {cell.runId === null ? (
          <span className="subtle">no run yet</span>
        ) : (
          <Link to="/runs/$run" params={{ run: cell.runId }} className="clip" tabIndex={-1}>
            {visible(cell.run ?? cell.runId)}
          </Link>
        )}
        <span className="grow" />
        {!cell.label.includes("seed=") && <span className="subtle num">seed {cell.seed}</span>}
      </span>
    </>
  );
}
