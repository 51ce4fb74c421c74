import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Argument, Command } from "commander";
import { defaultDataFolder } from "../../core/platform/data-folder.ts";
import { installationFolder } from "../../core/platform/installation.ts";
import { bashReplacement, readBashLine } from "../completion/bash-line.ts";
import { type Candidate, complete } from "../completion/complete.ts";
import { catalogNames } from "../completion/names.ts";
import { example } from "../example.ts";

export function completionCommand(): Command {
  return new Command("completion")
    .description("print the script with which a shell completes commands, options and names")
    .addArgument(new Argument("<shell>", "the shell").choices(["bash", "zsh", "fish"]))
    .addHelpText(
      "after",
      example("gauntlet completion bash >> ~/.bashrc", "source <(gauntlet completion zsh)"),
    )
    .action((shell: string) => {
      const file = join(installationFolder, "resources", "completion", `gauntlet.${shell}`);
      process.stdout.write(readFileSync(file, "utf8"));
    });
}

/**
 * What the scripts ask. The answer's first line says what is wanted (`names`, `files` or
 * `folders`), each further one is a candidate, a tab and its description. Whatever fails, nothing
 * is printed and the status is 0: nobody wants an error message in the middle of typing.
 */
export function answerCommand(): Command {
  return new Command("__complete")
    .argument("[words...]", "the words after the program's name, the last as far as it is typed")
    .option("--bash", "WORDS are the line up to the cursor, and the end of it that Bash replaces")
    .action(async (words: string[], options: { bash?: boolean }, command: Command) => {
      const program = command.parent;
      if (!program) throw new Error("__complete has no program");
      const answering = options.bash ? bashAnswer(program, words) : answer(program, words);
      const text = await answering.catch(() => "");
      // A core that hangs must not keep the shell waiting for its socket.
      process.stdout.write(text, () => process.exit(0));
    });
}

async function answer(program: Command, words: readonly string[]): Promise<string> {
  const { kind, candidates } = await candidatesFor(program, words);
  const lines = candidates.map(({ value, description }) => `${value}\t${description}`);
  return [kind, ...lines, ""].join("\n");
}

async function bashAnswer(program: Command, [line = "", replaced = ""]: string[]): Promise<string> {
  const { words, raw } = readBashLine(line);
  // Variables may be set in front of the program's name.
  const start = words.findIndex((word) => !/^\w+=/.test(word));
  const { kind, candidates } = await candidatesFor(program, words.slice(start + 1));
  const lines = candidates.flatMap(({ value }) => bashReplacement(value, raw, replaced) ?? []);
  return [kind, ...lines, ""].join("\n");
}

async function candidatesFor(
  program: Command,
  words: readonly string[],
): Promise<{ kind: string; candidates: Candidate[] }> {
  const completion = complete(program, words);
  const { before, current, names, paths } = completion;
  const data = completion.data === undefined ? defaultDataFolder() : resolve(completion.data);
  const found = names ? await catalogNames(data, names, current.slice(before.length)) : [];
  const candidates = [
    ...completion.candidates,
    ...found.map((name) => ({ value: before + name, description: "" })),
  ].filter(({ value }) => value.startsWith(current) && !/\p{Cc}/u.test(value));
  return { kind: candidates.length === 0 ? (paths ?? "names") : "names", candidates };
}
