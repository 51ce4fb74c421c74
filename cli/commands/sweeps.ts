import { Command } from "commander";
import { formatCount, formatDuration, shortId } from "../../shared/format.ts";
import type { SweepDetail, SweepView } from "../../shared/views.ts";
import { visible } from "../../shared/visible.ts";
import { wantsJson, withSession } from "../context.ts";
import { example } from "../example.ts";
import { bold, dim, printLine, styledState, table } from "../terminal.ts";
import { show } from "./attacks.ts";
import { followSweep, priorityHelp, priorityOption, wholeNumber } from "./run.ts";
import { printDeletion } from "./runs.ts";

export function sweepsCommands(): Command {
  const sweeps = new Command("sweeps").description("the sweeps, cell by cell");
  sweeps
    .command("list", { isDefault: true })
    .description("list sweeps, newest first")
    .option("--limit <number>", "at most so many", wholeNumber, 50)
    .option("--offset <number>", "pass over so many", wholeNumber, 0)
    .addHelpText("after", example("gauntlet sweeps list"))
    .action(async (options: { limit: number; offset: number }, command: Command) =>
      show(command, (session) => session.call((client) => client.sweeps.list(options)), printList),
    );
  sweeps
    .command("show")
    .description("the cells of a sweep, each with its state and the run that stands for it")
    .argument("<sweep>", "name or id")
    .option("--limit <number>", "at most so many cells", wholeNumber, 1000)
    .option("--offset <number>", "pass over so many cells", wholeNumber, 0)
    .addHelpText("after", example("gauntlet sweeps show digits"))
    .action(async (sweep: string, options: { limit: number; offset: number }, command: Command) =>
      show(
        command,
        (session) => session.call((client) => client.sweeps.get({ sweep, ...options })),
        printDetail,
      ),
    );
  sweeps
    .command("rerun")
    .description("run the cells again that failed, were cancelled, or whose run was deleted")
    .argument("<sweep>", "name or id")
    .option("--all", "run every cell again")
    .addHelpText("after", example("gauntlet sweeps rerun digits"))
    .action(async (sweep: string, options: { all?: boolean }, command: Command) =>
      withSession(command, async (session) => {
        const result = await session.call((client) =>
          client.sweeps.rerun({ sweep, all: options.all ?? false }),
        );
        await followSweep(session, result, wantsJson(command));
      }),
    );
  sweeps
    .command("stop")
    .description("stop a sweep's unfinished jobs; what they have reported is kept")
    .argument("<sweep>", "name or id")
    .addHelpText("after", example("gauntlet sweeps stop digits"))
    .action(async (sweep: string, _options: object, command: Command) =>
      show(
        command,
        (session) => session.call((client) => client.sweeps.stop({ sweep })),
        ({ name, stopped, shared }) => {
          printLine(
            stopped === 0
              ? `${visible(name)} has nothing to stop.`
              : `Asked ${formatCount(stopped, "job")} of ${visible(name)} to stop.`,
          );
          if (shared > 0)
            printLine(`${formatCount(shared, "run")} that it shares with others go on.`);
        },
      ),
    );
  sweeps
    .command("priority")
    .description("give a sweep, and what is queued for it, another priority")
    .argument("<sweep>", "name or id")
    .argument("<number>", priorityHelp, priorityOption)
    .addHelpText("after", example("gauntlet sweeps priority digits 10"))
    .action(async (sweep: string, priority: number, _options: object, command: Command) =>
      show(
        command,
        (session) => session.call((client) => client.sweeps.setPriority({ sweep, priority })),
        ({ name }) => printLine(`${visible(name)} has priority ${priority}.`),
      ),
    );
  sweeps
    .command("delete")
    .description("delete a sweep for good; its runs stay unless they are named with --runs")
    .argument("<sweep>", "name or id")
    .option("--runs", "also the runs that it made, with their models, evaluations and files")
    .option("--yes", "do it; without this it only says what would be freed")
    .addHelpText("after", example("gauntlet sweeps delete digits --runs --yes"))
    .action(async (sweep: string, options: { runs?: boolean; yes?: boolean }, command: Command) =>
      show(
        command,
        (session) =>
          session.call((client) =>
            client.sweeps.delete({
              sweep,
              withRuns: options.runs === true,
              dryRun: options.yes !== true,
            }),
          ),
        (deletion) => printDeletion(deletion, options.yes === true, "1 sweep"),
      ),
    );
  return sweeps;
}

/** `4 succeeded, 1 failed`, without the states that no cell is in. */
function countsText(counts: SweepView["counts"]): string {
  const parts = Object.entries(counts).filter(([, number]) => number > 0);
  return parts.map(([state, number]) => `${number} ${state}`).join(", ") || "no cells";
}

function printList({ total, sweeps }: { total: number; sweeps: SweepView[] }): void {
  if (sweeps.length === 0) {
    printLine(total === 0 ? "No sweeps yet. gauntlet sweep starts one." : "No more sweeps.");
    return;
  }
  printLine(
    table(sweeps, [
      { title: "sweep", value: ({ name }) => name },
      { title: "id", value: ({ id }) => shortId(id) },
      { title: "experiment", value: ({ experiment, version }) => `${experiment} v${version}` },
      { title: "method", value: ({ method }) => method },
      { title: "cells", value: ({ counts }) => countsText(counts) },
    ]),
  );
  if (sweeps.length < total) printLine(dim(`${sweeps.length} of ${formatCount(total, "sweep")}`));
}

function printDetail(sweep: SweepDetail): void {
  printLine(
    `${bold(visible(sweep.name))}  ${dim(shortId(sweep.id))}  ${sweep.method}  ${countsText(sweep.counts)}`,
  );
  const { objective, best } = sweep;
  if (objective)
    printLine(
      best
        ? `  best ${visible(objective.metric)} so far: ${best.value.toPrecision(6)} in cell ${best.position}`
        : dim(`  no cell has a ${visible(objective.metric)} yet`),
    );
  if (sweep.cells.length === 0) return;
  printLine(
    table(sweep.cells, [
      { title: "cell", value: ({ position }) => String(position), align: "right" },
      { title: "what differs", value: ({ label }) => label || "–" },
      { title: "state", value: ({ state }) => state, style: styledState },
      { title: "why", value: ({ reason }) => reason ?? "" },
      { title: "run", value: ({ run }) => run ?? "–" },
      ...(objective
        ? [
            {
              title: objective.metric,
              value: ({ value }: Cell) => value?.toPrecision(6) ?? "–",
              align: "right" as const,
            },
          ]
        : []),
      { title: "time", value: duration, align: "right" },
    ]),
  );
}

type Cell = SweepDetail["cells"][number];

function duration({ startedAt, endedAt }: Cell): string {
  return startedAt === null ? "–" : formatDuration((endedAt ?? Date.now()) - startedAt);
}
