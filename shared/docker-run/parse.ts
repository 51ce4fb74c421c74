/** Reads a `docker run` line into its options, image and command; nothing of it is carried out. */
import { GauntletError } from "../errors.ts";
import { didYouMean } from "../suggest.ts";
import { excerpt } from "../visible.ts";
import { flagNames, flagOf, longName, type Note } from "./flags.ts";
import { type SimpleCommand, splitCommands, type Word } from "./words.ts";

export type DockerOption = {
  /** The long name, such as `env` for `-e`. */
  name: string;
  /** As it was given, such as `-e` or `--env`. */
  given: string;
  value: Word;
};

export type DockerRun = {
  /** True for `nvidia-docker`, which gives all GPUs unless NV_GPU names some. */
  nvidia: boolean;
  /** Variables set in front of the program, such as NV_GPU. */
  variables: ReadonlyMap<string, Word>;
  options: DockerOption[];
  image: Word;
  /** What stands after the image. */
  arguments: Word[];
  /** What else stood on the line. */
  notes: Note[];
};

const programs = ["docker", "nvidia-docker", "podman"];
/** Programs that start the one named after them. */
const starters = ["sudo", "time", "nohup", "exec", "env", "command"];
/** Options of docker itself that take a value; its others take none. */
const globalValues = /^(?:-H|-c|-l|--(?:host|context|config|log-level|tlscacert|tlscert|tlskey))$/;

/**
 * The first `docker run` of a line, as a shell would understand it.
 * Throws IMPORT_INVALID for a line without one, an unknown option or a missing image.
 */
export function parseDockerRun(line: string): DockerRun {
  const commands = splitCommands(line);
  for (const command of commands) {
    const start = startOf(command.words);
    if (!start) continue;
    const run = readRun(command.words.slice(start.length), start.nvidia, start.variables);
    return { ...run, notes: [...run.notes, ...around(commands, command)] };
  }
  const [first] = commands[0]?.words ?? [];
  throw new GauntletError(
    "IMPORT_INVALID",
    first === undefined
      ? "The line is empty."
      : `There is no docker run on this line: it begins with \`${excerpt(first.text)}\`.`,
  );
}

type Start = { length: number; nvidia: boolean; variables: Map<string, Word> };

/** How many words come before the options of `run`; undefined where it is no docker run. */
function startOf(words: readonly Word[]): Start | undefined {
  const variables = new Map<string, Word>();
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at] ?? { text: "", unfilled: [] };
    const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(word.text) ?? [];
    if (name !== undefined && value !== undefined)
      variables.set(name, { text: value, unfilled: word.unfilled });
    else if (!starters.includes(word.text) && !(at > 0 && word.text.startsWith("-"))) break;
  }
  const program = words[at]?.text.split("/").at(-1) ?? "";
  if (!programs.includes(program)) return undefined;
  for (at++; words[at]?.text.startsWith("-"); at++)
    if (globalValues.test(words[at]?.text ?? "")) at++;
  if (words[at]?.text === "container") at++;
  if (words[at]?.text !== "run") return undefined;
  return { length: at + 1, nvidia: program === "nvidia-docker", variables };
}

function readRun(
  words: readonly Word[],
  nvidia: boolean,
  variables: ReadonlyMap<string, Word>,
): DockerRun {
  const options: DockerOption[] = [];
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at];
    if (!word?.text.startsWith("-") || word.text === "-") break;
    if (word.text === "--") {
      at++;
      break;
    }
    const found = word.text.startsWith("--") ? [longOption(word)] : shortOptions(word);
    for (const { given, name, value } of found) {
      const next = value ?? (flagOf(name)?.takesValue ? words[++at] : empty);
      if (!next) throw new GauntletError("IMPORT_INVALID", `\`${given}\` lacks its value.`);
      options.push({ name, given, value: next });
    }
  }
  const image = words[at];
  if (!image || image.text === "")
    throw new GauntletError("IMPORT_INVALID", "The line names no image.");
  return { nvidia, variables, options, image, arguments: words.slice(at + 1), notes: [] };
}

const empty: Word = { text: "", unfilled: [] };

type Given = { given: string; name: string; value: Word | undefined };

function longOption(word: Word): Given {
  const equals = word.text.indexOf("=");
  const given = equals === -1 ? word.text : word.text.slice(0, equals);
  const name = longName(given.slice(2));
  if (given.length === 3 || !flagOf(name)) throw unknown(given, given.slice(2));
  if (equals === -1) return { given, name, value: undefined };
  return { given, name, value: { ...word, text: word.text.slice(equals + 1) } };
}

/** `-it`, `-p80:80`, `-p=80:80` and `-itp 80:80`: the first that takes a value has the rest. */
function shortOptions(word: Word): Given[] {
  const found: Given[] = [];
  const letters = word.text.slice(1);
  for (let at = 0; at < letters.length; at++) {
    const given = `-${letters[at] ?? ""}`;
    const name = longName(given.slice(1));
    const flag = flagOf(name);
    if (!flag || name.length === 1) throw unknown(found.length === 0 ? given : word.text, letters);
    const rest = letters.slice(at + 1);
    if (flag.takesValue || rest.startsWith("=")) {
      const value = rest === "" ? undefined : { ...word, text: rest.replace(/^=/, "") };
      return [...found, { given, name, value }];
    }
    found.push({ given, name, value: undefined });
  }
  return found;
}

function unknown(given: string, name: string): GauntletError {
  return new GauntletError("IMPORT_INVALID", `docker run has no option \`${excerpt(given)}\`.`, {
    hint: didYouMean(name, flagNames) ?? "Leave it out: whether it takes a value is not known.",
  });
}

/** Other commands and redirections of the line; of other commands only the program is told. */
function around(commands: readonly SimpleCommand[], chosen: SimpleCommand): Note[] {
  const notes: Note[] = chosen.redirections.map((operator) => ({
    level: "dropped",
    about: operator,
    text: "Nothing is redirected: what a job prints is its log.",
  }));
  for (const command of commands) {
    if (command === chosen) continue;
    const program = command.words.find(({ text }) => !/^\w+=/.test(text))?.text ?? "NAME=...";
    notes.push({
      level: "dropped",
      about: excerpt(program),
      text: "This other command of the line is not carried over; only the first docker run is.",
    });
  }
  if (chosen.end !== "")
    notes.push({
      level: "dropped",
      about: chosen.end,
      text: "Gauntlet has no shell: what joins commands is not carried over.",
    });
  return notes;
}
