import type { QueryProblem } from "./ast.ts";

/** The query with a caret line under each problem, for terminals and logs. */
export function describeProblems(text: string, problems: readonly QueryProblem[]): string {
  return problems
    .map(({ offset, length, message, suggestion }) => {
      const lineStart = text.lastIndexOf("\n", offset - 1) + 1;
      const lineEnd = text.indexOf("\n", offset);
      const line = text.slice(lineStart, lineEnd === -1 ? undefined : lineEnd);
      const column = offset - lineStart;
      const carets = "^".repeat(Math.max(1, Math.min(length, line.length - column)));
      return [
        line,
        `${" ".repeat(column)}${carets} ${message}${suggestion ? `; ${suggestion}` : ""}`,
      ].join("\n");
    })
    .join("\n");
}
