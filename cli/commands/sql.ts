import { Command } from "commander";
import { csvLine } from "../../shared/csv.ts";
import { formatCount } from "../../shared/format.ts";
import type { SqlResult } from "../../shared/runs-table.ts";
import { sqlViews } from "../../shared/sql-views.ts";
import { example } from "../example.ts";
import { dim, printLine, table } from "../terminal.ts";
import { show } from "./attacks.ts";
import { wholeNumber } from "./run.ts";

export function sqlCommand(): Command {
  return new Command("sql")
    .description("read the catalog with SQL; nothing can be changed")
    .argument("<statement>", "one SELECT, WITH or VALUES, in SQLite's dialect")
    .option("--limit <rows>", "at most so many rows", wholeNumber, 10_000)
    .option("--csv", "print comma-separated values")
    .addHelpText("after", viewsText())
    .addHelpText(
      "after",
      example(
        "gauntlet sql 'SELECT state, count(*) FROM runs GROUP BY state'",
        `gauntlet sql --csv "SELECT run, last FROM metrics WHERE name = 'train/loss'"`,
      ),
    )
    .action(
      async (statement: string, options: { limit: number; csv?: boolean }, command: Command) =>
        show(
          command,
          (session) => session.call((client) => client.sql({ statement, limit: options.limit })),
          (result) => (options.csv ? printCsv(result) : printResult(result)),
        ),
    );
}

function viewsText(): string {
  const lines = sqlViews.flatMap(({ name, about, columns }) => [
    `  ${name}: ${about}`,
    `    ${columns.join(", ")}`,
  ]);
  return [
    "",
    "Views (times are ISO text in UTC):",
    ...lines,
    "A statement is stopped after 30 s; a result ends after --limit rows (at most 100,000) or 32 MB.",
  ].join("\n");
}

function printResult({ columns, rows, truncated, milliseconds }: SqlResult): void {
  printLine(
    table(
      rows,
      columns.map((title, index) => ({
        title,
        value: (row) => String(row[index] ?? "–"),
        align: rows.every((row) => typeof row[index] !== "string") ? "right" : "left",
      })),
    ),
  );
  const more = truncated ? ", and there are more: --limit" : "";
  printLine(dim(`${formatCount(rows.length, "row")}${more}, ${milliseconds.toFixed(0)} ms`));
}

/** RFC 4180; a missing value is empty. */
function printCsv({ columns, rows, truncated }: SqlResult): void {
  for (const row of [columns, ...rows]) process.stdout.write(csvLine(row));
  if (truncated) process.stderr.write("there are more rows: raise --limit\n");
}
