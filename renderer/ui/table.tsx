import { useVirtualizer } from "@tanstack/react-virtual";
import {
  type KeyboardEvent,
  memo,
  type ReactNode,
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { usePreferences } from "../state/preferences.ts";
import { classes } from "./classes.ts";
import { type Arrange, ColumnEdge, dragging, onColumnKey } from "./column-tools.tsx";
import styles from "./table.module.css";

export type Column<Row> = {
  id: string;
  title: string;
  /** Stands small behind the title: `s`, `%`. */
  unit?: string;
  /** In px. */
  width: number;
  align?: "left" | "right";
  /** Stays in view when the table is scrolled sideways; only the first columns can. */
  pinned?: boolean;
  /** Whether a click on the title sorts. */
  sortable?: boolean;
  /** What `onSort` is told in the place of the id. */
  sortAs?: string;
  /** Read out for a column whose title is empty. */
  label?: string;
  cell(row: Row, index: number): ReactNode;
};

export type Sort = { column: string; descending: boolean };

export type TableProps<Row> = {
  label: string;
  columns: readonly Column<Row>[];
  /** Rows that there are. */
  count: number;
  /** A row, or undefined while it is on its way; then grey lines stand in its place. */
  rowAt(index: number): Row | undefined;
  /** Rows that come into view, both ends included: ask for them. */
  onView?(first: number, last: number): void;
  sort?: Sort | null;
  onSort?(column: string): void;
  /** How columns are moved, pinned and resized; none: they stay as they are. */
  arrange?: Arrange;
  onOpen?(row: Row, index: number): void;
  isSelected?(row: Row): boolean;
  onSelect?(row: Row, index: number, extend: boolean): void;
  /** Set apart, such as the head of a group. */
  isStrong?(row: Row): boolean;
  /** px; the density's row height otherwise. */
  rowHeight?: number;
};

const heights = { dense: 28, regular: 36 };
const headHeight = 30;

/**
 * A table of any number of rows, of which only those in view exist. Rows have one height. Keys:
 * arrows or J and K, Page Up and Down, Home, End, Enter opens, X or Space selects.
 */
export function Table<Row>(props: TableProps<Row>) {
  const { label, columns, count, rowAt, onView, sort, onSort } = props;
  const density = usePreferences((preferences) => preferences.density);
  const rowHeight = props.rowHeight ?? heights[density];
  const scroller = useRef<HTMLDivElement>(null);
  const [focused, setFocused] = useState(0);
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 2,
    scrollPaddingStart: headHeight,
    paddingStart: headHeight,
  });
  useLayoutEffect(() => virtual.measure(), [virtual, rowHeight]);
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => onView?.(first, last), [onView, first, last]);

  const current = Math.min(focused, Math.max(0, count - 1));
  const width = columns.reduce((sum, column) => sum + column.width, 0);
  const offsets = pinnedOffsets(columns);

  const open = useRef(props.onOpen);
  useEffect(() => {
    open.current = props.onOpen;
  });
  const onClick = useCallback((row: Row | undefined, index: number, isOwn: boolean) => {
    setFocused(index);
    if (row !== undefined && !isOwn) open.current?.(row, index);
  }, []);

  function move(to: number): void {
    const index = Math.max(0, Math.min(to, count - 1));
    setFocused(index);
    virtual.scrollToIndex(index, { align: "auto" });
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== scroller.current) return;
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 2);
    const row = rowAt(current);
    switch (event.key) {
      case "ArrowDown":
      case "j":
        move(current + 1);
        break;
      case "ArrowUp":
      case "k":
        move(current - 1);
        break;
      case "PageDown":
        move(current + page);
        break;
      case "PageUp":
        move(current - page);
        break;
      case "Home":
        move(0);
        break;
      case "End":
        move(count - 1);
        break;
      case "Enter":
        if (row !== undefined) props.onOpen?.(row, current);
        break;
      case " ":
      case "x":
      case "X":
        if (row !== undefined) props.onSelect?.(row, current, event.shiftKey);
        break;
      default:
        return;
    }
    event.preventDefault();
  }

  return (
    <div
      ref={scroller}
      className={styles["scroller"]}
      role="grid"
      aria-label={label}
      aria-rowcount={count + 1}
      aria-colcount={columns.length}
      aria-multiselectable={props.onSelect !== undefined}
      aria-activedescendant={count > 0 ? rowId(label, current) : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      <div
        style={{ height: virtual.getTotalSize(), minWidth: width, position: "relative" }}
        role="presentation"
      >
        <div className={styles["head"]} role="row" aria-rowindex={1} style={{ height: headHeight }}>
          {columns.map((column, index) => (
            <Head
              key={column.id}
              column={column}
              offset={offsets[index]}
              edge={isEdge(columns, index)}
              sort={sort}
              onSort={onSort}
              arrange={props.arrange}
            />
          ))}
        </div>
        {items.map(({ index, start }) => {
          const row = rowAt(index);
          return (
            <Row
              key={index}
              id={rowId(label, index)}
              row={row}
              index={index}
              columns={columns}
              height={rowHeight}
              start={start}
              isSelected={
                props.onSelect || props.isSelected
                  ? row !== undefined && (props.isSelected?.(row) ?? false)
                  : undefined
              }
              isFocused={index === current}
              isStrong={row !== undefined && (props.isStrong?.(row) ?? false)}
              onClick={onClick}
            />
          );
        })}
      </div>
    </div>
  );
}

type RowProps<Row> = {
  id: string;
  row: Row | undefined;
  index: number;
  columns: readonly Column<Row>[];
  height: number;
  /** px from the top of all rows. */
  start: number;
  /** Undefined where rows cannot be selected. */
  isSelected: boolean | undefined;
  isFocused: boolean;
  isStrong: boolean;
  onClick(row: Row | undefined, index: number, isOwn: boolean): void;
};

/** A row is drawn anew only when something of it has changed: there are many, and keys are fast. */
const Row = memo(function Row<Row>({
  id,
  row,
  index,
  columns,
  height,
  start,
  isSelected,
  isFocused,
  isStrong,
  onClick,
}: RowProps<Row>) {
  const offsets = pinnedOffsets(columns);
  return (
    <div
      id={id}
      role="row"
      tabIndex={-1}
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      className={classes(
        styles["row"],
        isSelected && styles["selected"],
        isFocused && styles["focused"],
        isStrong && styles["strong"],
      )}
      style={{ height, transform: `translateY(${start}px)` }}
      onClick={(event) =>
        // Links and buttons in cells have their own say.
        onClick(row, index, (event.target as Element).closest("a, button") !== null)
      }
    >
      {columns.map((column, at) => (
        <div
          key={column.id}
          role="gridcell"
          className={classes(
            styles["cell"],
            column.align === "right" && styles["right"],
            column.pinned && styles["pinned"],
            isEdge(columns, at) && styles["edge"],
          )}
          style={{ width: column.width, left: offsets[at] }}
        >
          {row === undefined ? <i className={styles["pending"]} /> : column.cell(row, index)}
        </div>
      ))}
    </div>
  );
}) as <Row>(props: RowProps<Row>) => ReactNode;

function Head<Row>({
  column,
  offset,
  edge,
  sort,
  onSort,
  arrange,
}: {
  column: Column<Row>;
  offset: number | undefined;
  edge: boolean;
  sort: Sort | null | undefined;
  onSort: ((column: string) => void) | undefined;
  arrange: Arrange | undefined;
}) {
  const sortsBy = column.sortAs ?? column.id;
  const sorted = sort?.column === sortsBy ? sort : null;
  const content = (
    <>
      <span className="clip">{column.title}</span>
      {column.unit && <span className={styles["unit"]}>{column.unit}</span>}
      {sorted && <span aria-hidden="true">{sorted.descending ? "↓" : "↑"}</span>}
    </>
  );
  return (
    <div
      role="columnheader"
      aria-sort={sorted ? (sorted.descending ? "descending" : "ascending") : undefined}
      aria-label={column.title === "" ? column.label : undefined}
      title={column.unit ? `${column.title}, ${column.unit}` : column.title}
      data-column={column.id}
      {...dragging(column.id, arrange)}
      className={classes(
        styles["cell"],
        styles["headCell"],
        column.align === "right" && styles["right"],
        column.pinned && styles["pinned"],
        edge && styles["edge"],
      )}
      style={{ width: column.width, left: offset }}
    >
      {column.sortable && onSort ? (
        <button
          type="button"
          className={styles["sorter"]}
          onClick={() => onSort(sortsBy)}
          onKeyDown={(event) => onColumnKey(event, column, arrange)}
        >
          {content}
        </button>
      ) : (
        content
      )}
      {arrange && column.label === undefined && (
        <ColumnEdge id={column.id} width={column.width} arrange={arrange} />
      )}
    </div>
  );
}

/** A box that selects its row; the row's keys do the same. */
export function SelectBox({
  checked,
  label,
  onToggle,
}: {
  checked: boolean;
  label: string;
  onToggle(extend: boolean): void;
}) {
  return (
    <button
      type="button"
      role="checkbox"
      tabIndex={-1}
      aria-checked={checked}
      aria-label={label}
      className={styles["box"]}
      onClick={(event) => onToggle(event.shiftKey)}
    />
  );
}

/** Where each pinned column stays, from the left edge, px. */
function pinnedOffsets<Row>(columns: readonly Column<Row>[]): (number | undefined)[] {
  let left = 0;
  return columns.map(({ pinned, width }) => {
    if (!pinned) return undefined;
    left += width;
    return left - width;
  });
}

/** Whether it is the last of the pinned columns. */
function isEdge<Row>(columns: readonly Column<Row>[], index: number): boolean {
  return columns[index]?.pinned === true && columns[index + 1]?.pinned !== true;
}

function rowId(label: string, index: number): string {
  return `${label.replaceAll(/\W+/g, "-")}-row-${index}`;
}
