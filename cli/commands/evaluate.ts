import { Command } from "commander";
import { formatCount } from "../../shared/format.ts";
import { visible } from "../../shared/visible.ts";
import { wantsJson, withSession } from "../context.ts";
import { example } from "../example.ts";
import { printJson, printLine, table } from "../terminal.ts";
import { collect, followToEnd, wholeNumber } from "./run.ts";

type Options = {
  attack: string[];
  set?: string;
  samples?: number;
  again?: boolean;
  plan?: boolean;
};

export function evaluateCommand(): Command {
  return new Command("evaluate")
    .description("attack models: fills the evaluations that are missing, and only those")
    .argument("[models...]", "names or ids; none means every model")
    .option("--attack <attack>", "an attack as NAME or NAME@VERSION; can be repeated", collect, [])
    .option("--set <set>", "the attacks of this set (default: the active one)")
    .option("--samples <number>", "number of samples, another threat model", wholeNumber)
    .option("--again", "also those that left samples without a verified outcome")
    .option("--plan", "only say what is missing")
    .addHelpText(
      "after",
      example("gauntlet evaluate --plan", "gauntlet evaluate amber-kestrel --attack ddn@1.0.0"),
    )
    .action(async (models: string[], options: Options, command: Command) =>
      withSession(command, async (session) => {
        const json = wantsJson(command);
        const attacks = options.attack.length > 0 ? options.attack : (options.set ?? "active");
        const result = await session.call((client) =>
          client.evaluations.fill({
            models,
            attacks,
            samples: options.samples ?? null,
            again: options.again === true,
            dryRun: options.plan === true,
          }),
        );
        if (options.plan) {
          if (json) printJson(result);
          else printPlan(result);
          return;
        }
        if (!json)
          printLine(
            `${formatCount(result.queued.length, "evaluation")} queued, ${result.present} present`,
          );
        for (const { model, dataset } of result.leftOut)
          process.stderr.write(
            `warning: ${visible(model)} is left out: the files of ${visible(dataset)} are not what was registered\n`,
          );
        await followToEnd(session, { runs: [], evaluations: result.queued }, json, result);
      }),
    );
}

function printPlan({ missing, present }: { missing: Missing[]; present: number }): void {
  printLine(`${formatCount(missing.length, "evaluation")} missing, ${present} present`);
  if (missing.length > 0)
    printLine(
      table(missing, [
        { title: "model", value: ({ model }) => model },
        { title: "attack", value: ({ attack }) => attack },
      ]),
    );
}

type Missing = { model: string; attack: string };
