import type { ReactNode } from "react";
import { classes } from "./classes.ts";
import styles from "./plain-table.module.css";

export type PlainColumn<Row> = {
  id: string;
  title: string;
  align?: "left" | "right";
  /** Long text that may take several lines. */
  wraps?: boolean;
  cell(row: Row): ReactNode;
};

/** A short table that is as high as its rows; ui/table.tsx is for many rows. */
export function PlainTable<Row>({
  label,
  columns,
  rows,
  keyOf,
}: {
  label: string;
  columns: readonly PlainColumn<Row>[];
  rows: readonly Row[];
  keyOf(row: Row): string;
}) {
  const look = (column: PlainColumn<Row>) =>
    classes(column.align === "right" && styles["right"], column.wraps && styles["wraps"]);
  return (
    <div className={styles["scroller"]}>
      <table className={styles["table"]} aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.id} scope="col" className={look(column)}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column) => (
                <td key={column.id} className={look(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
