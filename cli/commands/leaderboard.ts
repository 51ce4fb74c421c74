import { Command } from "commander";
import { GauntletError } from "../../shared/errors.ts";
import { wantsJson, withSession } from "../context.ts";
import { example } from "../example.ts";
import { leaderboardText } from "../leaderboard-table.ts";
import { printJson, printLine } from "../terminal.ts";
import { wholeNumber } from "./run.ts";

type Options = { set: string; epsilon?: number[]; class?: number[] };

export function leaderboardCommand(): Command {
  return new Command("leaderboard")
    .description("models ranked by score: the median of the smallest verified distances")
    .option("--set <set>", "an attack set (default: the active one)", "active")
    .option("--epsilon <list>", "also the robust accuracy at each, such as 0.5,1", numbers)
    .option("--class <list>", "only samples of these classes, such as 3 or 3,5", wholeNumbers)
    .addHelpText(
      "after",
      example("gauntlet leaderboard --epsilon 0.5,1", "gauntlet leaderboard --class 3 --json"),
    )
    .action(async (options: Options, command: Command) =>
      withSession(command, async (session) => {
        const { set, epsilon: epsilons, class: classes } = options;
        const view = await session.call((client) =>
          client.leaderboard.get({ set, epsilons, classes }),
        );
        if (wantsJson(command)) printJson(view);
        else printLine(leaderboardText(view));
      }),
    );
}

/** Numbers from 0, separated by commas. Throws USAGE. */
function numbers(text: string): number[] {
  return text.split(",").map((part) => {
    const value = Number(part);
    if (/^\s*[\d.]/.test(part) && Number.isFinite(value)) return value;
    throw new GauntletError("USAGE", `${text} is no list of numbers from 0.`, {
      hint: "Separate them by commas, as in 0.5,1.",
    });
  });
}

function wholeNumbers(text: string): number[] {
  return text.split(",").map(wholeNumber);
}
