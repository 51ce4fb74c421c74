import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import { GauntletError } from "../../shared/errors.ts";
import { environmentFacts } from "../../shared/environment-facts.ts";
import { formatBytes, formatCount, formatDuration, shortId } from "../../shared/format.ts";
import { containerFacts } from "../../shared/container-facts.ts";
import { type Stage, stageSchema } from "../../shared/schemas/run-folder.ts";
import type { AttemptView, DeletionView, ListedRun, RunDetail } from "../../shared/views.ts";
import { visible, visibleLines } from "../../shared/visible.ts";
import { wantsJson, withSession } from "../context.ts";
import { example } from "../example.ts";
import { bold, dim, printJson, printLine, styledState, table } from "../terminal.ts";
import { show } from "./attacks.ts";
import { addAnnotations } from "./annotate.ts";
import { addComparisons } from "./compare.ts";
import {
  assignments,
  collect,
  followToEnd,
  priorityHelp,
  priorityOption,
  wholeNumber,
} from "./run.ts";
import { asksForTable, listFields, showTable, type TableOptions } from "./runs-table.ts";

const followInterval = 300;

export function runsCommands(): Command {
  const runs = new Command("runs").description("the runs: what they did, and their logs");
  runs
    .command("list", { isDefault: true })
    .description("list runs, newest first")
    .option("--state <state>", "only runs in this state")
    .option("--experiment <experiment>", "only runs of this experiment")
    .option("--where <query>", "only runs that match, as in docs/guide/query.md")
    .option("--sort <fields>", "by these fields, separated by commas; -field from large to small")
    .option("--columns <fields>", "show these fields too, separated by commas")
    .option(
      "--group [fields]",
      "one line per group, with mean ± standard deviation (default: seed)",
    )
    .option("--limit <number>", "at most so many", wholeNumber, 50)
    .option("--offset <number>", "pass over so many", wholeNumber, 0)
    .addHelpText(
      "after",
      example(
        "gauntlet runs list --state failed",
        "gauntlet runs list --where 'train/loss < 0.3 and lr within [0.01, 0.1]' --sort -score",
        "gauntlet runs list --group seed --columns score,lr",
      ),
    )
    .action(async (options: ListOptions, command: Command) =>
      asksForTable(options)
        ? showTable(options, command)
        : show(
            command,
            (session) =>
              session.call((client) =>
                client.runs.list({
                  state: runState(options.state),
                  experiment: options.experiment ?? null,
                  limit: options.limit,
                  offset: options.offset,
                }),
              ),
            printList,
          ),
    );
  runs
    .command("fields")
    .description("what --where, --sort, --columns and --group can name")
    .addHelpText("after", example("gauntlet runs fields"))
    .action(async (_options: object, command: Command) => listFields(command));
  runs
    .command("show")
    .description("one run: parameters, metrics, attempts, files, evaluations")
    .argument("<run>", "name or id")
    .addHelpText("after", example("gauntlet runs show amber-kestrel"))
    .action(async (run: string, _options: object, command: Command) =>
      show(command, (session) => session.call((client) => client.runs.get({ run })), printDetail),
    );
  runs
    .command("logs")
    .description("the log of a run's newest job, or of an evaluation by its id")
    .argument("<run>", "name or id")
    .option("--stage <stage>", `one of ${stageSchema.options.join(", ")}`)
    .option("-f, --follow", "go on until the job has ended")
    .addHelpText("after", example("gauntlet runs logs amber-kestrel -f"))
    .action(printLog);
  runs
    .command("stop")
    .description("stop a run's unfinished jobs; what they have reported is kept")
    .argument("<run>", "name or id")
    .addHelpText("after", example("gauntlet runs stop amber-kestrel"))
    .action(async (run: string, _options: object, command: Command) =>
      show(
        command,
        (session) => session.call((client) => client.runs.stop({ run })),
        ({ name, stopped }) =>
          printLine(
            stopped === 0
              ? `${visible(name)} has nothing to stop.`
              : `Asked ${formatCount(stopped, "job")} of ${visible(name)} to stop.`,
          ),
      ),
    );
  addComparisons(runs);
  addAnnotations(runs);
  runs
    .command("rerun")
    .description("run once more with the code as it was, and with other values where given")
    .argument("<run>", "name or id")
    .option("--set <name=value>", "give a parameter another value; can be repeated", collect, [])
    .option("--seed <number>", "another seed", wholeNumber)
    .option("--priority <number>", priorityHelp, priorityOption, 0)
    .addHelpText("after", example("gauntlet runs rerun amber-kestrel --set learning_rate=0.01"))
    .action(async (run: string, options: RerunOptions, command: Command) =>
      withSession(command, async (session) => {
        const queued = await session.call((client) =>
          client.runs.rerun({
            run,
            parameters: assignments(options.set),
            seed: options.seed ?? null,
            priority: options.priority,
          }),
        );
        const what = { runs: [queued.run], evaluations: [] };
        await followToEnd(session, what, wantsJson(command), queued);
      }),
    );
  runs
    .command("delete")
    .description("delete runs with their models, evaluations and files, for good")
    .argument("<runs...>", "names or ids")
    .option("--yes", "do it; without this it only says what would be freed")
    .addHelpText("after", example("gauntlet runs delete amber-kestrel --yes"))
    .action(async (names: string[], options: { yes?: boolean }, command: Command) =>
      show(
        command,
        (session) =>
          session.call((client) =>
            client.runs.delete({ runs: names, dryRun: options.yes !== true }),
          ),
        (deletion) => printDeletion(deletion, options.yes === true),
      ),
    );
  return runs;
}

type RerunOptions = { set: string[]; seed?: number; priority: number };
type ListOptions = TableOptions & { limit: number; offset: number };

const runStates = ["queued", "running", "succeeded", "failed", "cancelled"] as const;

function runState(text: string | undefined): (typeof runStates)[number] | null {
  if (text === undefined) return null;
  const state = runStates.find((known) => known === text);
  if (state) return state;
  throw new GauntletError("USAGE", `${text} is no state of a run.`, {
    hint: `One of ${runStates.join(", ")}.`,
  });
}

function printList({ total, runs }: { total: number; runs: ListedRun[] }): void {
  if (runs.length === 0) {
    printLine(
      total === 0
        ? "No runs yet. gauntlet run starts one; npm run demo shows how."
        : "No more runs.",
    );
    return;
  }
  printLine(
    table(runs, [
      { title: "run", value: ({ name }) => name },
      { title: "id", value: ({ id }) => shortId(id) },
      { title: "experiment", value: ({ experiment, version }) => `${experiment} v${version}` },
      { title: "what differs", value: ({ label }) => label || "–" },
      { title: "state", value: ({ state }) => state, style: styledState },
      { title: "accuracy", value: accuracy, align: "right" },
      { title: "time", value: duration, align: "right" },
      // Last, for what holds a run up is a sentence.
      { title: "why", value: ({ reason, condition }) => reason ?? condition ?? "" },
    ]),
  );
  if (runs.length < total) printLine(dim(`${runs.length} of ${formatCount(total, "run")}`));
}

function accuracy({ summary }: ListedRun): string {
  const value = summary["accuracy"];
  return typeof value === "number" ? `${(value * 100).toFixed(1)} %` : "–";
}

function duration({ startedAt, endedAt }: ListedRun): string {
  return startedAt === null ? "–" : formatDuration((endedAt ?? Date.now()) - startedAt);
}

function printDetail(run: RunDetail): void {
  printLine(
    `${bold(visible(run.name))}  ${dim(shortId(run.id))}  ${styledState(run.state)}  ${run.reason ?? ""}`,
  );
  printLine(
    `  experiment  ${visible(run.experiment)} v${run.version}  ${dim(visible(run.folder))}`,
  );
  if (run.condition !== null) printLine(`  ${visible(run.condition)}`);
  const { commit, branch, diff } = run.git;
  if (commit)
    printLine(
      `  git         ${commit.slice(0, 12)}${branch ? ` on ${visible(branch)}` : ""}${diff ? ", with uncommitted changes" : ""}`,
    );
  const marks = [...(run.starred ? ["starred"] : []), ...run.tags];
  if (marks.length > 0) printLine(`  marks       ${visible(marks.join(", "))}`);
  if (run.notes !== null) printLine(`  notes       ${visible(run.notes)}`);
  for (const [name, value] of Object.entries({ ...run.parameters, seed: run.seed }))
    printLine(`  ${visible(name).padEnd(16)} ${visible(String(value))}`);
  if (run.metrics.length > 0)
    printLine(
      `\n${table(run.metrics, [
        { title: "metric", value: ({ name }) => name },
        { title: "points", value: ({ points }) => String(points), align: "right" },
        { title: "last", value: ({ last }) => last.toPrecision(4), align: "right" },
        { title: "minimum", value: ({ minimum }) => minimum.toPrecision(4), align: "right" },
        { title: "maximum", value: ({ maximum }) => maximum.toPrecision(4), align: "right" },
      ])}`,
    );
  for (const attempt of run.attempts) printAttempt(attempt);
  if (run.evaluations.length > 0)
    printLine(
      `\n${table(run.evaluations, [
        { title: "evaluation", value: ({ attack }) => attack },
        { title: "id", value: ({ id }) => shortId(id) },
        { title: "state", value: ({ state }) => state, style: styledState },
        {
          title: "not verified",
          value: ({ reason, rejections }) =>
            reason ?? rejections.map(({ reason: why, count }) => `${count} ${why}`).join(", "),
        },
      ])}`,
    );
}

function printAttempt(attempt: AttemptView): void {
  const { exit } = attempt;
  const facts = [
    ...(attempt.startedAt !== null && attempt.endedAt !== null
      ? [formatDuration(attempt.endedAt - attempt.startedAt)]
      : []),
    ...(typeof exit?.cpuSeconds === "number" ? [`${exit.cpuSeconds.toFixed(1)} s of CPU`] : []),
    ...(typeof exit?.peakMemory === "number" ? [`peak ${formatBytes(exit.peakMemory)}`] : []),
    ...(attempt.badLines > 0 ? [`${formatCount(attempt.badLines, "bad metric line")}`] : []),
    ...(exit && exit.logDropped > 0 ? [`${formatBytes(exit.logDropped)} of log not kept`] : []),
  ];
  printLine(
    `\n${bold(attempt.stage)} attempt ${attempt.attempt}  ${styledState(attempt.state)}  ${dim(facts.join(", "))}`,
  );
  printLine(`  ${attempt.command.map((part) => visible(part)).join(" ")}`);
  if (attempt.container)
    for (const { name, value } of containerFacts(attempt.container))
      printLine(`  ${name.padEnd(8)} ${visible(value)}`);
  for (const { name, value } of environmentFacts(attempt.environment))
    printLine(`  ${name.padEnd(8)} ${visible(value)}`);
  if (attempt.reason)
    printLine(
      `  ${attempt.reason}: ${visible(attempt.raw ?? "")}\n  ${dim(`hint: ${attempt.hint ?? ""}`)}`,
    );
  for (const { path, size } of attempt.files)
    printLine(`  ${visible(path)}  ${dim(formatBytes(size))}`);
}

async function printLog(
  run: string,
  options: { stage?: string; follow?: boolean },
  command: Command,
): Promise<void> {
  const stage = readStage(options.stage);
  await withSession(command, async (session) => {
    let offset = 0;
    let text = "";
    let interrupted = false;
    process.once("SIGINT", () => (interrupted = true));
    for (;;) {
      const page = await session.callAgain((client) => client.runs.log({ run, stage, offset }));
      if (wantsJson(command)) text += page.text;
      else process.stdout.write(process.stdout.isTTY ? visibleLines(page.text) : page.text);
      const isEmpty = page.nextOffset === offset;
      offset = page.nextOffset;
      if (isEmpty && (page.ended || !options.follow)) break;
      if (interrupted) break;
      if (isEmpty) await sleep(followInterval);
    }
    if (wantsJson(command)) printJson({ run, text });
  });
}

function readStage(text: string | undefined): Stage | null {
  if (text === undefined) return null;
  const parsed = stageSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new GauntletError("USAGE", `${text} is no stage.`, {
    hint: `One of ${stageSchema.options.join(", ")}.`,
  });
}

/** Says what a deletion frees, or has freed; `first` is what stands before its runs. */
export function printDeletion(deletion: DeletionView, done: boolean, ...first: string[]): void {
  const { runs, models, evaluations, files, bytes } = deletion;
  const what = [
    ...first,
    formatCount(runs.length, "run"),
    formatCount(models, "model"),
    formatCount(evaluations, "evaluation"),
    `${formatCount(files, "file")}, ${formatBytes(bytes)}`,
  ].join(", ");
  printLine(done ? `Deleted ${what}.` : `Would delete ${what}. Add --yes to do it.`);
}
