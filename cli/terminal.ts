import { visible } from "../shared/visible.ts";

/** Colours only where a person looks at a terminal and has not asked for none (no-color.org). */
const colourful =
  process.stdout.isTTY === true && !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb";

const style = (open: number, close: number) => (text: string) =>
  colourful ? `\u001b[${open}m${text}\u001b[${close}m` : text;

export const bold = style(1, 22);
export const dim = style(2, 22);
export const red = style(31, 39);
export const green = style(32, 39);
export const yellow = style(33, 39);
export const cyan = style(36, 39);

export function printLine(text = ""): void {
  process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

export type Column<T> = {
  title: string;
  value(row: T): string;
  align?: "left" | "right";
  style?(text: string, row: T): string;
};

/** A table with two spaces between columns. Cell text is data: control characters are shown. */
export function table<T>(rows: readonly T[], columns: readonly Column<T>[]): string {
  const cells = rows.map((row) => columns.map((column) => visible(column.value(row))));
  const widths = columns.map((column, index) =>
    Math.max(column.title.length, ...cells.map((line) => (line[index] ?? "").length)),
  );
  const pad = (text: string, index: number) =>
    columns[index]?.align === "right"
      ? text.padStart(widths[index] ?? 0)
      : text.padEnd(widths[index] ?? 0);
  const header = columns.map((column, index) => dim(pad(column.title, index))).join("  ");
  const lines = cells.map((line, rowIndex) => {
    const row = rows[rowIndex];
    return line
      .map((text, index) => {
        const padded = pad(text, index);
        const column = columns[index];
        return row !== undefined && column?.style ? column.style(padded, row) : padded;
      })
      .join("  ")
      .trimEnd();
  });
  return [header.trimEnd(), ...lines].join("\n");
}

const stateStyles: Record<string, (text: string) => string> = {
  succeeded: green,
  verified: green,
  ok: green,
  failed: red,
  cancelled: dim,
  warning: yellow,
  running: cyan,
  attacking: cyan,
  verifying: cyan,
};

/** Gives a state's word its colour; the word alone says it too. */
export function styledState(text: string): string {
  return stateStyles[text.trim()]?.(text) ?? text;
}
