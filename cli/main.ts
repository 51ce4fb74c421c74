import { Command, CommanderError } from "commander";
import { exitStatus, exitStatusOf, GauntletError } from "../shared/errors.ts";
import { attackCommands } from "./commands/attacks.ts";
import { challengeCommands } from "./commands/challenge.ts";
import { coreCommand } from "./commands/core.ts";
import { answerCommand, completionCommand } from "./commands/completion.ts";
import { datasetCommands } from "./commands/datasets.ts";
import { demoCommand } from "./commands/demo.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { evaluateCommand } from "./commands/evaluate.ts";
import { exportCommand } from "./commands/export.ts";
import { importCommand } from "./commands/import.ts";
import { initCommand } from "./commands/init.ts";
import { leaderboardCommand } from "./commands/leaderboard.ts";
import { modelCommands } from "./commands/models.ts";
import { runCommand, sweepCommand, waitCommand } from "./commands/run.ts";
import { runsCommands } from "./commands/runs.ts";
import { secretCommands } from "./commands/secrets.ts";
import { serveCommand, startCommand } from "./commands/serve.ts";
import { sweepsCommands } from "./commands/sweeps.ts";
import { sqlCommand } from "./commands/sql.ts";
import { printError, toldError } from "./print-error.ts";
import { version } from "../core/services/version.ts";

/** Asked before the arguments are understood, for what cannot be understood is told as well. */
const wantsJson = process.argv.includes("--json");

const program = new Command("gauntlet")
  .description("Train image classifiers, attack them, verify and rank them.")
  .version(version)
  .option("--data <folder>", "the data folder (default: GAUNTLET_DATA, or the platform's own)")
  .option("--json", "print the result as JSON")
  .exitOverride()
  .configureOutput({ writeErr: (text) => wantsJson || process.stderr.write(text) })
  .configureHelp({ showGlobalOptions: true })
  .showHelpAfterError("(gauntlet --help lists the commands)");

for (const command of [
  initCommand(),
  importCommand(),
  runCommand(),
  sweepCommand(),
  waitCommand(),
  evaluateCommand(),
  challengeCommands(),
  runsCommands(),
  sweepsCommands(),
  sqlCommand(),
  exportCommand(),
  modelCommands(),
  attackCommands(),
  datasetCommands(),
  leaderboardCommand(),
  secretCommands(),
  doctorCommand(),
  demoCommand(),
  startCommand(),
  serveCommand(),
  completionCommand(),
])
  program.addCommand(inheriting(command));
program.addCommand(inheriting(answerCommand()), { hidden: true });
program.addCommand(inheriting(coreCommand()), { hidden: true });

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    await program.parseAsync();
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      // Without --json commander has said it already.
      if (wantsJson) printError(new GauntletError("USAGE", error.message), true);
      return exitStatus.usage;
    }
    const expected = toldError(error);
    printError(expected, wantsJson);
    return exitStatusOf(expected.code);
  }
}

/** Commands and their subcommands throw instead of ending the process. */
function inheriting(command: Command): Command {
  command.copyInheritedSettings(program);
  for (const child of command.commands) inheriting(child);
  return command;
}
