import { displayWidth, excerpt, visible } from "./visible.ts";

/** A mistake in a file of the user's, with all that is needed to find and mend it. */
export type Problem = {
  file: string;
  /** Counted from 1. */
  line: number;
  /** Counted from 1 in UTF-16 code units, as editors do. */
  column: number;
  /** Keys and list positions that lead to the place; empty for the whole document. */
  path: (string | number)[];
  /** What is wrong, without the place. */
  message: string;
  /** The text at the place as it stands in the file, at most its first line. */
  offending: string;
  /** What would be right, where that can be guessed. */
  suggestion: string | null;
};

/** Line and column, both from 1, of an offset in UTF-16 code units. */
export function positionAt(text: string, offset: number): { line: number; column: number } {
  let line = 1;
  let start = 0;
  for (;;) {
    const end = text.indexOf("\n", start);
    if (end === -1 || end >= offset) return { line, column: offset - start + 1 };
    line += 1;
    start = end + 1;
  }
}

/** More problems than this are not collected: the first ones are what a reader mends. */
export const maximumProblems = 100;

/** A problem about the text from offset `start` to `end`. */
export function problemIn(
  text: string,
  fileName: string,
  [start, end]: [number, number],
  { message, suggestion }: { message: string; suggestion?: string | null },
): Problem {
  const place = positionAt(text, start);
  const [firstLine = ""] = text.slice(start, Math.max(end, start)).split(/\r?\n/);
  // An error at the end of a line has no text of its own: the line's text is what offends.
  const before = text.slice(start - place.column + 1, start).trim();
  const offending = firstLine.trim() === "" ? before : firstLine;
  return {
    file: fileName,
    ...place,
    path: [],
    message,
    offending: offending.slice(0, 200),
    suggestion: suggestion ?? null,
  };
}

const mostShown = 20;
const widestLine = 120;

/**
 * Problems for a terminal: `file:line:column: message`, the source line with carets under the
 * offending text, and the suggestion. Everything that comes from the file is made visible, so that
 * it cannot steer the terminal. At most 20 are printed; the rest is counted.
 */
export function formatProblems(problems: readonly Problem[], text: string): string {
  const lines = text.replace(/^\uFEFF/, "").split("\n");
  const parts = problems
    .slice(0, mostShown)
    .map((problem) => formatProblem(problem, lines[problem.line - 1] ?? ""));
  if (problems.length > mostShown) parts.push(`and ${problems.length - mostShown} more`);
  return parts.join("\n");
}

function formatProblem(problem: Problem, sourceLine: string): string {
  const place = `${visible(problem.file)}:${problem.line}:${problem.column}`;
  const shown = [`${place}: ${visible(problem.message)}`, ...quoteSource(problem, sourceLine)];
  if (problem.suggestion !== null) shown.push(`    ${visible(problem.suggestion)}`);
  return shown.join("\n");
}

/** The source line with carets, cut around the place where the line is long. */
function quoteSource(problem: Problem, sourceLine: string): string[] {
  const start = problem.column - 1;
  const from = Math.max(0, start - widestLine / 2);
  const head = (from > 0 ? "…" : "") + visible(sourceLine.slice(from, start));
  const marked = excerpt(problem.offending, widestLine / 2);
  const tail = visible(sourceLine.slice(start, from + widestLine).replace(/\r$/, ""));
  const cut = sourceLine.length > from + widestLine ? "…" : "";
  const number = String(problem.line);
  const carets = "^".repeat(Math.max(1, Math.min(displayWidth(marked), displayWidth(tail))));
  return [
    `  ${number} | ${head}${tail}${cut}`,
    `  ${" ".repeat(number.length)} | ${" ".repeat(displayWidth(head))}${carets}`,
  ];
}
