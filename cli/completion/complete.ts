import type { Argument, Command, Option } from "commander";
import { stageSchema } from "../../shared/schemas/run-folder.ts";
import { type NameKind, runViewSchema } from "../../shared/views.ts";
import { templateNames } from "../../shared/schemas/template.ts";

export type Candidate = { value: string; description: string };

/** What may stand at the place of the word that is being typed. */
export type Completion = {
  /** Commands, options and fixed values, whole; not yet narrowed to what was typed. */
  candidates: Candidate[];
  /** Names from the catalog, or paths, that may stand there as well. */
  names: NameKind | null;
  paths: "files" | "folders" | null;
  /** What comes before a name in the word, such as `--set=`. */
  before: string;
  /** The word as typed so far. */
  current: string;
  /** The data folder that the line names. */
  data: string | undefined;
};

/** What a placeholder such as `<run>` or `<models...>` stands for, by its text. */
const nameKinds: Readonly<Record<string, NameKind>> = {
  run: "runs",
  runs: "runs",
  model: "models",
  models: "models",
  attack: "attacks",
  attacks: "attacks",
  set: "sets",
  sweep: "sweeps",
  sweeps: "sweeps",
  dataset: "datasets",
  datasets: "datasets",
  experiment: "experiments",
};
const fixedValues: Readonly<Record<string, readonly string[]>> = {
  stage: stageSchema.options,
  state: runViewSchema.shape.state.options,
  template: templateNames,
};

/**
 * What may follow on a command line, by the commands' own tree.
 * @param words all words after the program's name, the last one as far as it is typed
 */
export function complete(program: Command, words: readonly string[]): Completion {
  const current = words.at(-1) ?? "";
  let command = program;
  let position = 0;
  let onlyArguments = false;
  let open: Option | undefined;
  let data: string | undefined;
  for (const word of words.slice(0, -1)) {
    if (open) {
      if (open.long === "--data") data = word;
      open = undefined;
    } else if (word === "--" && !onlyArguments) onlyArguments = true;
    else if (/^-./.test(word) && !onlyArguments) {
      const { option, value } = splitOption(command, word);
      if (option?.long === "--data" && value !== undefined) data = value;
      if (option?.required && value === undefined) open = option;
    } else {
      const child = position === 0 ? childOf(command, word) : undefined;
      if (child) command = child;
      else position += 1;
    }
  }
  const at = { current, data };
  if (open) return { ...at, before: "", ...valuesOf(placeholderOf(open), open.argChoices) };
  if (!onlyArguments && current.startsWith("-")) {
    const { option, value } = splitOption(command, current);
    if (!option || value === undefined)
      return { ...at, before: "", candidates: optionsOf(command), names: null, paths: null };
    const before = current.slice(0, current.length - value.length);
    const values = valuesOf(placeholderOf(option), option.argChoices);
    const candidates = values.candidates.map((candidate) => ({
      ...candidate,
      value: before + candidate.value,
    }));
    return { ...at, ...values, before, candidates };
  }
  const argument = argumentAt(command, position);
  const values = valuesOf(argument?.name() ?? "", argument?.argChoices);
  const commands = position === 0 && !onlyArguments ? commandsOf(command) : [];
  return { ...at, before: "", ...values, candidates: [...commands, ...values.candidates] };
}

function valuesOf(
  placeholder: string,
  choices: readonly string[] | undefined,
): Pick<Completion, "candidates" | "names" | "paths"> {
  const isFile = placeholder === "file" || placeholder === "path";
  const fixed =
    choices ?? (Object.hasOwn(fixedValues, placeholder) ? fixedValues[placeholder] : []);
  return {
    candidates: (fixed ?? []).map((value) => ({ value, description: "" })),
    names: Object.hasOwn(nameKinds, placeholder) ? (nameKinds[placeholder] ?? null) : null,
    paths: placeholder === "folder" ? "folders" : isFile ? "files" : null,
  };
}

/** `--set=x` as the option --set and `x`; what is no option of the command has none. */
function splitOption(command: Command, word: string): { option?: Option; value?: string } {
  const equals = word.startsWith("--") ? word.indexOf("=") : -1;
  const flag = equals === -1 ? word : word.slice(0, equals);
  const help = command.createHelp();
  const options = [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)];
  const option = options.find(({ long, short }) => flag === long || flag === short);
  return { option, value: equals === -1 ? undefined : word.slice(equals + 1) };
}

/** The text between the brackets of `--set <set>`, without dots. */
function placeholderOf({ flags }: Option): string {
  return /[<[]([^>\].]+)/.exec(flags)?.[1] ?? "";
}

function optionsOf(command: Command): Candidate[] {
  const help = command.createHelp();
  return [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)].flatMap(
    ({ long, short, description }) => {
      const value = long ?? short;
      return value ? [{ value, description }] : [];
    },
  );
}

function commandsOf(command: Command): Candidate[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((child) => ({ value: child.name(), description: child.summary() || child.description() }));
}

function childOf(command: Command, word: string): Command | undefined {
  return command.commands.find((child) => child.name() === word || child.aliases().includes(word));
}

function argumentAt({ registeredArguments }: Command, position: number): Argument | undefined {
  const last = registeredArguments.at(-1);
  return registeredArguments[position] ?? (last?.variadic ? last : undefined);
}
