import { Command } from "commander";
import { exitStatus } from "../../shared/errors.ts";
import { wantsJson, withSession } from "../context.ts";
import { example } from "../example.ts";
import { dim, printJson, printLine, styledState } from "../terminal.ts";

export function doctorCommand(): Command {
  return new Command("doctor")
    .description("check what jobs rest on and say how to mend what is amiss")
    .addHelpText("after", example("gauntlet doctor"))
    .action(async (_options: object, command: Command) =>
      withSession(command, async (session) => {
        const checks = await session.call((client) => client.system.doctor({}));
        if (wantsJson(command)) printJson(checks);
        else
          for (const { name, state, detail, hint } of checks) {
            printLine(`${styledState(state.padEnd(8))} ${name.padEnd(12)} ${detail}`);
            if (state !== "ok" && hint) printLine(dim(`${" ".repeat(22)}${hint}`));
          }
        if (checks.some(({ state }) => state === "failed"))
          process.exitCode = exitStatus.environment;
      }),
    );
}
