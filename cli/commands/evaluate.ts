import { Command, Option } from "commander";
import { GauntletError } from "../../shared/errors.ts";
import { formatCount } from "../../shared/format.ts";
import type { Norm } from "../../shared/schemas/threat-model.ts";
import { visible } from "../../shared/visible.ts";
import { wantsJson, withSession } from "../context.ts";
import { example } from "../example.ts";
import { printJson, printLine, table } from "../terminal.ts";
import { collect, followToEnd, wholeNumber } from "./run.ts";

type Options = {
  attack: string[];
  set?: string;
  samples?: number;
  norm?: Norm;
  epsilon?: number;
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
    .option("--epsilon <number>", "success within it, such as 8/255: another threat model", epsilon)
    .addOption(new Option("--norm <norm>", "of --epsilon").choices(["l0", "l1", "l2", "linf"]))
    .option("--again", "also those that left samples without a verified outcome")
    .option("--plan", "only say what is missing")
    .addHelpText(
      "after",
      example(
        "gauntlet evaluate --plan",
        "gauntlet evaluate amber-kestrel --attack ddn@1.0.0",
        "gauntlet evaluate --set AutoAttack --norm linf --epsilon 8/255",
      ),
    )
    .action(async (models: string[], options: Options, command: Command) =>
      withSession(command, async (session) => {
        const json = wantsJson(command);
        if ((options.norm === undefined) !== (options.epsilon === undefined))
          throw new GauntletError("USAGE", "--norm and --epsilon belong together.", {
            hint: "As in --norm linf --epsilon 8/255.",
          });
        const { norm, epsilon: within } = options;
        const attacks = options.attack.length > 0 ? options.attack : (options.set ?? "active");
        const result = await session.call((client) =>
          client.evaluations.fill({
            models,
            attacks,
            samples: options.samples ?? null,
            fixed: norm && within !== undefined ? { norm, epsilon: within } : null,
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
        for (const { model, why } of result.leftOut)
          process.stderr.write(`warning: ${visible(`${model} is left out. ${why}`)}\n`);
        await followToEnd(session, { runs: [], evaluations: result.queued }, json, result);
      }),
    );
}

/** A positive number, or a fraction such as 8/255. Throws USAGE. */
function epsilon(text: string): number {
  const [, above = "", below = "1"] = /^\s*([\d.]+)(?:\s*\/\s*([\d.]+))?\s*$/.exec(text) ?? [];
  const value = Number(above) / Number(below);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new GauntletError("USAGE", `${text} is no epsilon.`, { hint: "As in 0.5 or 8/255." });
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
