import { Command } from "commander";
import { wantsJson, withSession } from "../context.ts";
import { example } from "../example.ts";
import { leaderboardText } from "../leaderboard-table.ts";
import { printJson, printLine } from "../terminal.ts";

export function leaderboardCommand(): Command {
  return new Command("leaderboard")
    .description("models ranked by score: the median of the smallest verified distances")
    .option("--set <set>", "an attack set (default: the active one)", "active")
    .addHelpText("after", example("gauntlet leaderboard", "gauntlet leaderboard --json"))
    .action(async (options: { set: string }, command: Command) =>
      withSession(command, async (session) => {
        const view = await session.call((client) => client.leaderboard.get(options));
        if (wantsJson(command)) printJson(view);
        else printLine(leaderboardText(view));
      }),
    );
}
