import type { Command } from "commander";
import type { CodeDiff, RunComparison } from "../../shared/views.ts";
import { formatCount } from "../../shared/format.ts";
import { visible, visibleLines } from "../../shared/visible.ts";
import { wantsJson, withSession } from "../context.ts";
import { example } from "../example.ts";
import { bold, cyan, dim, green, printJson, printLine, red, table } from "../terminal.ts";
import { show } from "./attacks.ts";

/** `runs compare` and `runs diff`. */
export function addComparisons(runs: Command): void {
  runs
    .command("compare")
    .description("lay runs side by side: what differs in values, results and environment")
    .argument("<runs...>", "names or ids")
    .option("--all", "show what is the same as well")
    .addHelpText("after", example("gauntlet runs compare amber-kestrel bold-otter calm-lynx"))
    .action(async (names: string[], options: { all?: boolean }, command: Command) =>
      show(
        command,
        (session) => session.call((client) => client.runs.compare({ runs: names })),
        (comparison) => printComparison(comparison, options.all === true),
      ),
    );
  runs
    .command("diff")
    .description("how one run differs from another: values, environment, and code line by line")
    .argument("<a>", "name or id")
    .argument("<b>", "name or id")
    .addHelpText("after", example("gauntlet runs diff amber-kestrel bold-otter"))
    .action(async (a: string, b: string, _options: object, command: Command) =>
      withSession(command, async (session) => {
        const comparison = await session.call((client) => client.runs.compare({ runs: [a, b] }));
        const code = await session.call((client) => client.runs.diffCode({ a, b }));
        if (wantsJson(command)) printJson({ ...comparison, code });
        else {
          printComparison(comparison, false);
          printCode(code);
        }
      }),
    );
}

type Row = RunComparison["sections"]["parameters"][number];

function printComparison({ runs, sections }: RunComparison, all: boolean): void {
  for (const [title, rows] of Object.entries(sections)) {
    const shown = all ? rows : rows.filter(({ differs }) => differs);
    const hidden = rows.length - shown.length;
    printLine(`${bold(title)}${hidden > 0 ? dim(`  ${formatCount(hidden, "row")} the same`) : ""}`);
    if (shown.length > 0)
      printLine(
        table(shown, [
          { title: "", value: ({ name }) => name },
          ...runs.map((run, index) => ({
            title: visible(run.name),
            value: ({ values }: Row) => cell(values[index] ?? null),
          })),
        ]),
      );
    printLine();
  }
}

/** Characters; longer values, such as lists, are cut in a table and whole with --json. */
const widestCell = 48;

function cell(value: string | number | boolean | null): string {
  if (value === null) return "–";
  if (typeof value === "number" && !Number.isInteger(value)) return String(+value.toPrecision(6));
  const text = String(value);
  return text.length > widestCell ? `${text.slice(0, widestCell - 1)}…` : text;
}

function printCode({ files, same }: CodeDiff): void {
  printLine(`${bold("code")}${dim(`  ${formatCount(same, "file")} the same`)}`);
  for (const { path, change, patch } of files) {
    printLine(`${change} ${visible(path)}`);
    if (patch === null) printLine(dim("  no text, or too long to show"));
    else for (const line of visibleLines(patch).split("\n").slice(4)) printLine(coloured(line));
  }
}

function coloured(line: string): string {
  if (line.startsWith("@@")) return cyan(line);
  if (line.startsWith("+")) return green(line);
  return line.startsWith("-") ? red(line) : line;
}
