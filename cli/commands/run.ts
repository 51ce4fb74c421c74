import { resolve } from "node:path";
import { Command } from "commander";
import { exitStatusOf, GauntletError } from "../../shared/errors.ts";
import { formatCount } from "../../shared/format.ts";
import { priorityRange } from "../../shared/priority.ts";
import type { Progress, SweepPreview, SweepResultView } from "../../shared/views.ts";
import { visible } from "../../shared/visible.ts";
import { wantsJson, withSession } from "../context.ts";
import { example } from "../example.ts";
import { follow } from "../follow.ts";
import { dim, printJson, printLine } from "../terminal.ts";
import type { Session } from "../session.ts";
import { tellReadiness } from "./readiness.ts";

export function runCommand(): Command {
  return new Command("run")
    .description("train a model, test it, and evaluate it with the attacks of its experiment")
    .argument("[folder]", "the experiment's folder, with gauntlet.yaml", ".")
    .option("--set <name=value>", "give a parameter a value; can be repeated", collect, [])
    .option("--seed <number>", "seed of the run", wholeNumber, 0)
    .option("--no-evaluate", "stop after the test")
    .option("--priority <number>", priorityHelp, priorityOption, 0)
    .option("--dry-run", "only say where it would run, and what is missing before it can")
    .addHelpText(
      "after",
      example("gauntlet run . --dry-run", "gauntlet run . --set learning_rate=0.03 --seed 1"),
    )
    .action(
      async (
        folder: string,
        options: {
          set: string[];
          seed: number;
          evaluate: boolean;
          priority: number;
          dryRun?: boolean;
        },
        command: Command,
      ) =>
        withSession(command, async (session) => {
          if (options.dryRun) {
            const ready = await session.call((client) =>
              client.experiments.readiness({
                folder: resolve(folder),
                parameters: assignments(options.set),
                seed: options.seed,
                evaluate: options.evaluate,
              }),
            );
            tellReadiness(ready, wantsJson(command));
            return;
          }
          const { run } = await session.call((client) =>
            client.runs.submit({
              folder: resolve(folder),
              parameters: assignments(options.set),
              seed: options.seed,
              evaluate: options.evaluate,
              priority: options.priority,
            }),
          );
          await followToEnd(session, { runs: [run], evaluations: [] }, wantsJson(command), { run });
        }),
    );
}

type SweepOptions = {
  again?: boolean;
  new?: boolean;
  evaluate: boolean;
  priority: number;
  dryRun?: boolean;
};

export function sweepCommand(): Command {
  return new Command("sweep")
    .description("run every cell of the experiment's sweep that has neither succeeded nor begun")
    .argument("[folder]", "the experiment's folder, with gauntlet.yaml", ".")
    .option("--again", "run every cell anew, whatever has succeeded")
    .option("--new", "start a sweep of its own instead of adding to the one there is")
    .option("--no-evaluate", "stop after the tests")
    .option("--priority <number>", priorityHelp, priorityOption, 0)
    .option("--dry-run", "only say how many cells there are, and the first and the last")
    .addHelpText("after", example("gauntlet sweep . --dry-run", "gauntlet sweep ."))
    .action(async (folder: string, options: SweepOptions, command: Command) =>
      withSession(command, async (session) => {
        const json = wantsJson(command);
        const preview = await session.call((client) =>
          client.sweeps.describe({ folder: resolve(folder) }),
        );
        if (options.dryRun) {
          if (json) printJson(preview);
          else printPreview(preview);
          return;
        }
        if (!json) printDuplicates(preview);
        await sweepAndFollow(session, folder, options, json);
      }),
    );
}

function printPreview({ first, last, ...preview }: SweepPreview): void {
  const { method, points, seeds, cells, advice } = preview;
  printLine(
    `${method}: ${formatCount(points, "point")} × ${formatCount(seeds, "seed")} = ${formatCount(cells, "cell")}`,
  );
  printLine(`  first  ${pointText(first)}`);
  if (cells > 1) printLine(`  last   ${pointText(last)}`);
  printDuplicates(preview);
  if (advice) printLine(dim(advice));
}

function printDuplicates({ duplicates }: Pick<SweepPreview, "duplicates">): void {
  if (duplicates > 0)
    printLine(`${formatCount(duplicates, "point")} left out: the same as an earlier one`);
}

function pointText({ label, seed }: SweepPreview["first"]): string {
  return visible(label === "" ? `the defaults, seed=${seed}` : label);
}

/** Queues a sweep and watches it to its end; cells done before are only counted. */
export async function sweepAndFollow(
  session: Session,
  folder: string,
  options: SweepOptions,
  json: boolean,
): Promise<void> {
  const result = await session.call((client) =>
    client.sweeps.submit({
      folder: resolve(folder),
      evaluate: options.evaluate,
      again: options.again ?? false,
      separate: options.new ?? false,
      priority: options.priority,
    }),
  );
  await followSweep(session, result, json);
}

/** Says what a sweep queued and watches it to its end. */
export async function followSweep(
  session: Session,
  result: SweepResultView,
  json: boolean,
): Promise<void> {
  const { runs, reused, underWay, evaluations } = result;
  if (!json) {
    printLine(`${visible(result.name)}: ${formatCount(runs.length, "cell")} queued`);
    if (underWay.length > 0) printLine(`${formatCount(underWay.length, "cell")} under way already`);
    if (reused.length > 0)
      printLine(
        `${formatCount(reused.length, "cell")} done before with the same code and values are kept (--again runs them anew)`,
      );
    if (evaluations.length > 0)
      printLine(`${formatCount(evaluations.length, "evaluation")} of those queued`);
  }
  await followToEnd(session, { runs: [...runs, ...underWay], evaluations }, json, result);
}

export function waitCommand(): Command {
  return new Command("wait")
    .description("take up what is unfinished and watch it to its end")
    .addHelpText("after", example("gauntlet wait"))
    .action(async (_options: object, command: Command) =>
      withSession(command, async (session) => {
        const json = wantsJson(command);
        const { waiting, ...what } = await session.call((client) => client.work.resume({}));
        if (!json) {
          for (const { sweep, why } of waiting)
            printLine(visible(`The sweep ${sweep} waits. ${why}`));
          if (what.runs.length + what.evaluations.length + waiting.length === 0)
            printLine("Nothing is unfinished.");
        }
        await followToEnd(session, what, json, { waiting });
      }),
    );
}

/**
 * Watches to the end and sets the exit status: 0 when all succeeded, that of RUN_FAILED or
 * EVALUATION_INCOMPLETE otherwise, 130 when the watching was ended by Ctrl-C.
 */
export async function followToEnd(
  session: Session,
  what: { runs: string[]; evaluations: string[] },
  json: boolean,
  result: Record<string, unknown>,
): Promise<void> {
  const { progress, interrupted } = await follow(session, what, json);
  if (json) printJson({ ...result, ...progress });
  if (interrupted && !progress.done) {
    if (!json) printLine("Stopped watching. What runs goes on; gauntlet wait takes it up again.");
    process.exitCode = 130;
    return;
  }
  const failure = failureOf(progress);
  if (failure && json) process.exitCode = exitStatusOf(failure.code);
  else if (failure) throw failure;
}

function failureOf({ runs, evaluations }: Progress): GauntletError | undefined {
  const failed = runs.filter(({ state }) => state !== "succeeded");
  const [first] = failed;
  if (first)
    return new GauntletError(
      "RUN_FAILED",
      `${failed.length} of ${formatCount(runs.length, "run")} did not succeed: ${failed
        .slice(0, 5)
        .map(({ name, state, reason }) => `${name} ${state}${reason ? ` (${reason})` : ""}`)
        .join(", ")}.`,
      { hint: `gauntlet runs show ${first.name} tells where and why.` },
    );
  const open = evaluations.filter(
    ({ state, unverified }) => state !== "verified" || unverified > 0,
  );
  if (open.length === 0) return undefined;
  return new GauntletError(
    "EVALUATION_INCOMPLETE",
    `${open.length} of ${formatCount(evaluations.length, "evaluation")} did not succeed: ${open
      .slice(0, 5)
      .map(
        ({ model, attack, state, reason, unverified }) =>
          `${model} × ${attack} ${
            unverified > 0 ? `${formatCount(unverified, "sample")} not verified` : (reason ?? state)
          }`,
      )
      .join(", ")}.`,
    {
      hint: "gauntlet models show MODEL says why; gauntlet evaluate fills what is missing, with --again what was not verified too.",
    },
  );
}

export function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

/** A whole number from 0 for commander. Throws USAGE. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new GauntletError("USAGE", `${text} is no whole number from 0.`);
}

/** NAME=VALUE arguments as an object. Throws USAGE. */
export function assignments(texts: readonly string[]): Record<string, string> {
  const pairs = texts.map((text): [string, string] => {
    const at = text.indexOf("=");
    if (at <= 0) throw new GauntletError("USAGE", `--set takes NAME=VALUE, not ${text}.`);
    return [text.slice(0, at), text.slice(at + 1)];
  });
  return Object.fromEntries(pairs);
}

export const priorityHelp = `larger numbers start first, ${priorityRange.lowest} to ${priorityRange.highest}`;

/** A priority for commander. Throws USAGE. */
export function priorityOption(text: string): number {
  const value = Number(text);
  const { lowest, highest } = priorityRange;
  if (/^-?\d+$/.test(text) && value >= lowest && value <= highest) return value;
  throw new GauntletError("USAGE", `${text} is no priority.`, {
    hint: `A whole number from ${lowest} to ${highest}.`,
  });
}
