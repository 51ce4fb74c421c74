import { mkdir, writeFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { Command } from "commander";
import { isErrno } from "../../core/platform/errno.ts";
import type { Note } from "../../shared/docker-run/flags.ts";
import { importDockerRun } from "../../shared/docker-run/translate.ts";
import { longestLine } from "../../shared/docker-run/words.ts";
import { GauntletError } from "../../shared/errors.ts";
import { visible } from "../../shared/visible.ts";
import { wantsJson } from "../context.ts";
import { example } from "../example.ts";
import { dim, printJson, printLine, red, yellow } from "../terminal.ts";

export function importCommand(): Command {
  return new Command("import")
    .description("make a gauntlet.yaml of a docker run line; nothing of the line is carried out")
    .argument("<line>", "the line in single quotes, or - to read it from standard input")
    .option("--folder <folder>", "where; without it a new folder with the experiment's name")
    .addHelpText(
      "after",
      example(
        "gauntlet import 'docker run --gpus 1 -v $PWD:/work -w /work pytorch/pytorch:2.4.0 python train.py'",
        "gauntlet import - --folder . < run.sh",
      ),
    )
    .action(async (line: string, options: { folder?: string }, command: Command) => {
      const { name, yaml, notes } = importDockerRun(line === "-" ? await readInput() : line);
      const folder = resolve(options.folder ?? name);
      const file = join(folder, "gauntlet.yaml");
      await writeNew(folder, file, yaml, options.folder === undefined);
      if (wantsJson(command)) {
        printJson({ folder, file, name, notes });
        return;
      }
      const shown = relative(process.cwd(), folder) || ".";
      printLine(`Made ${join(shown, "gauntlet.yaml")}.`);
      for (const note of notes) printNote(note);
      printLine(`Next: look through it, put the code beside it, npx gauntlet run ${shown}`);
    });
}

const styles: Record<Note["level"], (text: string) => string> = {
  unsafe: red,
  changed: yellow,
  dropped: dim,
};

function printNote({ level, about, text }: Note): void {
  printLine(`${styles[level](level.padEnd(8))} ${visible(about)}`);
  printLine(dim(`         ${visible(text)}`));
}

/** Standard input as text, as much of it as a line may be and one byte more. */
async function readInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    // What is longer is refused, so its end need not be known.
    if (size > 4 * longestLine) break;
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Writes a file that must not be there yet, nor its folder where `folderIsNew`. */
async function writeNew(
  folder: string,
  file: string,
  text: string,
  folderIsNew: boolean,
): Promise<void> {
  try {
    if (folderIsNew) await mkdir(folder);
    else await mkdir(folder, { recursive: true });
    await writeFile(file, text, { flag: "wx" });
  } catch (error) {
    if (!isErrno(error)) throw error;
    if (error.code === "EEXIST")
      throw new GauntletError("FILE_EXISTS", `${folderIsNew ? folder : file} is there already.`, {
        cause: error,
      });
    throw new GauntletError("FOLDER_UNWRITABLE", `${folder} cannot be written: ${error.code}.`, {
      cause: error,
    });
  }
}
