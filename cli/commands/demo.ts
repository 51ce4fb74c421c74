import { join } from "node:path";
import { Command } from "commander";
import { installationFolder } from "../../core/platform/installation.ts";
import { wantsJson, withSession } from "../context.ts";
import { example } from "../example.ts";
import { leaderboardText } from "../leaderboard-table.ts";
import { bold, dim, printJson, printLine } from "../terminal.ts";
import { sweepAndFollow } from "./run.ts";

export function demoCommand(): Command {
  return new Command("demo")
    .description("train four models on real digits, attack each with five attacks, rank them")
    .option("--again", "train them anew although they are there")
    .addHelpText("after", example("gauntlet demo"))
    .action(async (options: { again?: boolean }, command: Command) =>
      withSession(command, async (session) => {
        const json = wantsJson(command);
        if (!json) {
          printLine(bold("Gauntlet: four models of real digits through five attacks"));
          printLine(dim("train, test on 2,000 digits, attack 100 digits, verify, rank\n"));
        }
        const kit = join(installationFolder, "resources", "kits", "digits");
        const quiet = json;
        await sweepAndFollow(
          session,
          kit,
          { again: options.again, evaluate: true, priority: 0 },
          quiet,
        );
        if (process.exitCode === 130) return;
        const view = await session.call((client) => client.leaderboard.get({ set: "active" }));
        if (json) {
          printJson(view);
          return;
        }
        printLine(`\n${leaderboardText(view)}\n`);
        const best = view.ranked[0]?.model;
        printLine("Next:");
        if (best) printLine(`  npx gauntlet models show ${best}`);
        printLine("  npx gauntlet init my-experiment   your own model through the same attacks");
      }),
    );
}
