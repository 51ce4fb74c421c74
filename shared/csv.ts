/**
 * A cell of comma-separated values (RFC 4180): in quotes where a reader could be misled, quotes
 * doubled inside. Null is an empty cell, which an empty text in quotes is told apart from.
 */
export function csvCell(value: string | number | boolean | null): string {
  if (value === null) return "";
  const text = String(value);
  return /[",\r\n]/.test(text) || text === "" ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A line of cells with its line break. */
export function csvLine(cells: readonly (string | number | boolean | null)[]): string {
  return `${cells.map(csvCell).join(",")}\r\n`;
}
