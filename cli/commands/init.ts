import { cp, mkdir, readdir } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { Command } from "commander";
import { installationFolder } from "../../core/platform/installation.ts";
import { GauntletError } from "../../shared/errors.ts";
import { wantsJson } from "../context.ts";
import { example } from "../example.ts";
import { printJson, printLine } from "../terminal.ts";

export const templates = {
  script: ["resources", "templates", "script"],
  digits: ["resources", "kits", "digits"],
  pytorch: ["resources", "kits", "pytorch"],
} as const;

export function initCommand(): Command {
  return new Command("init")
    .description("start an experiment: a folder with gauntlet.yaml and a program to change")
    .argument("[folder]", "where; it is made when it is not there", ".")
    .option("--template <template>", `one of ${Object.keys(templates).join(", ")}`, "script")
    .addHelpText("after", example("gauntlet init my-experiment --template digits"))
    .action(async (folder: string, options: { template: string }, command: Command) => {
      const target = resolve(folder);
      const files = await copyTemplate(options.template, target);
      const shown = relative(process.cwd(), target) || ".";
      if (wantsJson(command)) printJson({ folder: target, files });
      else {
        printLine(`Made ${files.join(", ")} in ${shown}.`);
        printLine(`Next: npx gauntlet run ${shown}`);
      }
    });
}

/** Copies a template's files; nothing that is there already is touched. */
async function copyTemplate(name: string, target: string): Promise<string[]> {
  if (!Object.hasOwn(templates, name))
    throw new GauntletError("USAGE", `There is no template ${name}.`, {
      hint: `One of ${Object.keys(templates).join(", ")}.`,
    });
  const source = join(installationFolder, ...templates[name as keyof typeof templates]);
  // What belongs to the kit and not to an experiment made from it.
  const isWanted = (file: string) =>
    !file.endsWith(".test.ts") &&
    !["kit.yaml", "pack.ts", "tsconfig.json", "attacks"].includes(file);
  await mkdir(target, { recursive: true });
  const files = (await readdir(source)).filter(isWanted);
  const present = new Set(await readdir(target));
  const clash = files.filter((file) => present.has(file));
  if (clash.length > 0)
    throw new GauntletError("USAGE", `${target} already has ${clash.join(", ")}.`, {
      hint: "Name a folder that is new or empty.",
    });
  for (const file of files)
    await cp(join(source, file), join(target, file), {
      recursive: true,
      filter: (path) => !path.endsWith(".test.ts"),
    });
  return files;
}
