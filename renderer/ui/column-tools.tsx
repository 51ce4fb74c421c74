import { type DragEvent, type KeyboardEvent, type PointerEvent, useState } from "react";
import { classes } from "./classes.ts";
import styles from "./table.module.css";

/** How a table's columns are arranged by its user. */
export type Arrange = {
  /** Whether a column can be moved, pinned and taken away: some always stand first. */
  isFree(column: string): boolean;
  /** Puts a column in the place of another, which makes room. */
  moveTo(column: string, place: string): void;
  /** One place to the left, -1, or to the right, 1. */
  moveBy(column: string, step: -1 | 1): void;
  togglePin(column: string): void;
  hide(column: string): void;
  /** px */
  resize(column: string, width: number): void;
};

/** px */
const narrowest = 44;
const widest = 800;
const keyStep = 16;
/** Kind of what is dragged, so that a file or a text that is dropped here does nothing. */
const dragType = "application/x-gauntlet-column";

/** What a head needs to be dragged, and to take a dragged one. */
export function dragging(column: string, arrange: Arrange | undefined) {
  if (!arrange?.isFree(column)) return {};
  const mark = (event: DragEvent<HTMLElement>, isOver: boolean) => {
    if (!event.dataTransfer.types.includes(dragType)) return;
    event.currentTarget.toggleAttribute("data-over", isOver);
    if (isOver) event.preventDefault(); // it may be dropped here
  };
  return {
    draggable: true,
    onDragStart: (event: DragEvent<HTMLElement>) => {
      event.dataTransfer.setData(dragType, column);
      event.dataTransfer.effectAllowed = "move";
    },
    onDragOver: (event: DragEvent<HTMLElement>) => mark(event, true),
    onDragLeave: (event: DragEvent<HTMLElement>) => mark(event, false),
    onDrop: (event: DragEvent<HTMLElement>) => {
      mark(event, false);
      const moved = event.dataTransfer.getData(dragType);
      if (moved === "" || moved === column) return;
      event.preventDefault();
      arrange.moveTo(moved, column);
    },
  };
}

/**
 * Keys of a focused head: Shift and an arrow moves its column, + and - make it wider and narrower,
 * P pins it, Delete takes it away.
 */
export function onColumnKey(
  event: KeyboardEvent<HTMLElement>,
  { id, width }: { id: string; width: number },
  arrange: Arrange | undefined,
): void {
  if (!arrange || event.ctrlKey || event.metaKey || event.altKey) return;
  const { key } = event;
  if (key === "+" || key === "=") arrange.resize(id, within(width + keyStep));
  else if (key === "-") arrange.resize(id, within(width - keyStep));
  else if (!arrange.isFree(id)) return;
  else if (event.shiftKey && key === "ArrowLeft") arrange.moveBy(id, -1);
  else if (event.shiftKey && key === "ArrowRight") arrange.moveBy(id, 1);
  else if (key === "p" || key === "P") arrange.togglePin(id);
  else if (key === "Delete") arrange.hide(id);
  else return;
  event.preventDefault();
  event.stopPropagation();
  // What is moved in the document loses the focus.
  const grid = event.currentTarget.closest("[role=grid]");
  requestAnimationFrame(() =>
    grid?.querySelector<HTMLElement>(`[data-column=${CSS.escape(id)}] button`)?.focus(),
  );
}

/** The right edge of a head, which can be dragged. The keys of the head do the same. */
export function ColumnEdge({
  id,
  width,
  arrange,
}: {
  id: string;
  width: number;
  arrange: Arrange;
}) {
  const [from, setFrom] = useState<number | null>(null);
  const [moved, setMoved] = useState(0);
  const end = (event: PointerEvent<HTMLElement>, isKept: boolean) => {
    if (from === null) return;
    event.currentTarget.releasePointerCapture(event.pointerId);
    setFrom(null);
    setMoved(0);
    if (isKept && moved !== 0) arrange.resize(id, within(width + moved));
  };
  return (
    <span
      className={classes(styles["columnEdge"], from !== null && styles["columnEdgeHeld"])}
      style={{ transform: `translateX(${moved}px)` }}
      aria-hidden="true"
      // Else the head itself would be dragged.
      draggable
      onDragStart={(event) => {
        event.preventDefault();
        event.stopPropagation();
      }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        setFrom(event.clientX);
      }}
      onPointerMove={(event) => {
        if (from !== null) setMoved(within(width + event.clientX - from) - width);
      }}
      onPointerUp={(event) => end(event, true)}
      onPointerCancel={(event) => end(event, false)}
    />
  );
}

function within(width: number): number {
  return Math.round(Math.min(widest, Math.max(narrowest, width)));
}
