import { relative, resolve } from "node:path";
import { Command } from "commander";
import { makeExperiment } from "../../core/services/templates.ts";
import { GauntletError } from "../../shared/errors.ts";
import { templateNames } from "../../shared/schemas/template.ts";
import { wantsJson } from "../context.ts";
import { example } from "../example.ts";
import { printJson, printLine } from "../terminal.ts";

export function initCommand(): Command {
  return new Command("init")
    .description("start an experiment: a folder with gauntlet.yaml and a program to change")
    .argument("[folder]", "where; it is made when it is not there", ".")
    .option("--template <template>", `one of ${templateNames.join(", ")}`, "script")
    .addHelpText("after", example("gauntlet init my-experiment --template digits"))
    .action(async (folder: string, options: { template: string }, command: Command) => {
      const template = templateNames.find((name) => name === options.template);
      if (!template)
        throw new GauntletError("USAGE", `There is no template ${options.template}.`, {
          hint: `One of ${templateNames.join(", ")}.`,
        });
      const made = await makeExperiment(template, resolve(folder));
      const shown = relative(process.cwd(), made.folder) || ".";
      if (wantsJson(command)) printJson(made);
      else {
        printLine(`Made ${made.files.join(", ")} in ${shown}.`);
        printLine(`Next: npx gauntlet run ${shown}`);
      }
    });
}
