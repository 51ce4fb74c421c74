/** A `docker run` line as a `gauntlet.yaml` of the same meaning, and what is not the same. */
import { GauntletError } from "../errors.ts";
import { yamlFlowList, yamlFlowWord } from "../shell-words.ts";
import { excerpt, visible } from "../visible.ts";
import { environmentOf } from "./environment.ts";
import { flagOf, type Level, type Note } from "./flags.ts";
import { type Folders, foldersOf, movePaths } from "./folders.ts";
import { type DockerRun, parseDockerRun } from "./parse.ts";
import { type AskedResources, isGpuDevice, resourcesOf } from "./resources.ts";
import { isSecretOption, mask, maskSecrets } from "./secrets.ts";

export type Import = {
  /** The experiment's name. */
  name: string;
  /** The text of gauntlet.yaml. */
  yaml: string;
  /** What to know, the unsafe first. */
  notes: Note[];
};

/** Stands where the line gives no command, for a job needs one. */
const commandMissing = "write-the-command-here";

/**
 * Translates one line. No variable is filled in, no file read and nothing started; values of
 * secrets are in neither the text nor the notes. Throws IMPORT_INVALID for a line that holds no
 * docker run, or one that docker itself would not carry out.
 */
export function importDockerRun(line: string): Import {
  const run = parseDockerRun(line);
  const folders = foldersOf(run);
  const { resources, notes: ofResources } = resourcesOf(run);
  const { env, notes: ofEnvironment } = environmentOf(run);
  const image = readImage(run);
  const { command, notes: ofCommand } = readCommand(run, folders);
  const retries = readRestart(run);
  const network = readNetwork(run);
  const notes = inOrder([
    ...image.notes,
    ...ofCommand,
    ...ofResources,
    ...ofEnvironment,
    ...folders.notes,
    ...network.notes,
    ...retries.notes,
    ...plainNotes(run),
    ...run.notes,
  ]);
  const name = nameOf(run, image.name);
  const lines = [
    "# Imported from a docker run line.",
    ...notes.map(({ level, about, text }) => `# ${level}: ${visible(`${about}: ${text}`)}`),
    `name: ${yamlFlowWord(name)}`,
    `image: ${yamlFlowWord(image.name)}`,
    ...(network.off ? ["network: false"] : []),
    ...(folders.dataset === null ? [] : [`dataset: ${yamlFlowWord(folders.dataset)}`]),
    ...(env.size > 0 ? ["env:"] : []),
    ...[...env].map(
      ([key, value]) => `  ${yamlFlowWord(key)}: ${yamlFlowWord(movePaths(value, folders.moved))}`,
    ),
    "train:",
    `  command: ${yamlFlowList(command)}`,
    ...resourceLines(resources),
    ...(retries.count > 0 ? [`  retries: ${retries.count}`] : []),
  ];
  return { name, yaml: `${lines.join("\n")}\n`, notes };
}

function resourceLines(resources: AskedResources): string[] {
  const fields = Object.entries(resources).map(([key, value]) => `${key}: ${value}`);
  return fields.length === 0 ? [] : [`  resources: { ${fields.join(", ")} }`];
}

const order: readonly Level[] = ["unsafe", "changed", "dropped"];

/** The unsafe first; the same is said once, of all that it holds for. */
function inOrder(notes: readonly Note[]): Note[] {
  const merged = new Map<string, Note>();
  for (const { level, ...note } of notes) {
    const [about, text] = [maskSecrets(note.about), maskSecrets(note.text)];
    const key = `${level} ${text}`;
    const before = merged.get(key);
    if (!before) merged.set(key, { level, about, text });
    else if (!before.about.split(", ").includes(about)) before.about += `, ${about}`;
  }
  return [...merged.values()].toSorted((a, b) => order.indexOf(a.level) - order.indexOf(b.level));
}

function readImage({ image }: DockerRun): { name: string; notes: Note[] } {
  const name = image.text;
  if (image.unfilled.length > 0 || !/^[A-Za-z0-9][\w./:@-]{0,500}$/.test(name))
    throw new GauntletError("IMPORT_INVALID", `\`${excerpt(name)}\` is no name of an image.`, {
      hint:
        image.unfilled.length > 0 ? "Write in its place what the shell would fill in." : undefined,
    });
  const tag = /:([\w.-]+)$/.exec(name)?.[1];
  if (name.includes("@") || (tag !== undefined && tag !== "latest")) return { name, notes: [] };
  const text =
    "Another image may have this name tomorrow: give a tag or a digest, so that a run can be repeated.";
  return { name, notes: [{ level: "unsafe", about: tag === undefined ? name : ":latest", text }] };
}

function nameOf({ options }: DockerRun, image: string): string {
  const given = options.findLast(({ name }) => name === "name")?.value;
  const chosen = given && given.unfilled.length === 0 ? given.text : undefined;
  const last = image.replace(/@.*$/, "").split("/").at(-1)?.replace(/:.*$/, "");
  const clean = (chosen ?? last ?? "")
    .replace(/[^A-Za-z0-9._-]/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "");
  return clean.slice(0, 100) || "imported";
}

function readCommand(run: DockerRun, folders: Folders): { command: string[]; notes: Note[] } {
  const notes: Note[] = [];
  const entrypoint = run.options.findLast(({ name }) => name === "entrypoint")?.value;
  const words =
    entrypoint && entrypoint.text !== "" ? [entrypoint, ...run.arguments] : run.arguments;
  const unfilled = new Set(words.flatMap((word) => word.unfilled));
  for (const piece of unfilled)
    notes.push({
      level: "changed",
      about: excerpt(piece),
      text: "A shell fills this in, and Gauntlet has none: write in train.command what it stands for.",
    });
  const plain = hideSecrets(words.map(({ text }) => text));
  if (plain.some((text, at) => text !== words[at]?.text))
    notes.push({
      level: "unsafe",
      about: "the command",
      text: `It holds what looks like a secret, so ${mask} stands for that: let the program read it from elsewhere.`,
    });
  const command = plain.map((text) =>
    movePaths(text, folders.moved).replace(/[{}]/g, (brace) => brace.repeat(2)),
  );
  const [first] = command;
  if (first === "")
    throw new GauntletError("IMPORT_INVALID", "The name of the program in the command is empty.");
  if (first === undefined) {
    notes.push({
      level: "changed",
      about: "the command",
      text: "The line leaves it to the image, and a job names its own: docker image inspect tells Entrypoint and Cmd.",
    });
    return { command: [commandMissing], notes };
  }
  if (first.startsWith("-"))
    notes.push({
      level: "changed",
      about: excerpt(first),
      text: "The image's own program takes these arguments: put it in front, docker image inspect tells it as Entrypoint.",
    });
  else if (!folders.startsInCode && !run.options.some(({ name }) => name === "workdir"))
    notes.push({
      level: "changed",
      about: excerpt(first),
      text: "Commands start in in/code, the copy of the experiment's folder, and not in the image's own: put the code beside gauntlet.yaml, or give whole paths.",
    });
  return { command, notes };
}

function hideSecrets(words: readonly string[]): string[] {
  return words.map((text, at) => (isSecretOption(words[at - 1] ?? "") ? mask : maskSecrets(text)));
}

/** `retries` of gauntlet.yaml allows at most so many. */
const mostRetries = 20;

function readRestart(run: DockerRun): { count: number; notes: Note[] } {
  const option = run.options.findLast(({ name }) => name === "restart");
  if (!option || option.value.text === "no") return { count: 0, notes: [] };
  const about = `${option.given} ${excerpt(option.value.text)}`;
  const [, most] = /^on-failure:(\d{1,9})$/.exec(option.value.text) ?? [];
  const count = Math.min(mostRetries, Number(most ?? 0));
  const text =
    count > 0
      ? `A failed job is tried again as often as retries says: ${count}.`
      : "A job that has ended is not started again: retries says how often a failed one is tried.";
  return { count, notes: [{ level: count > 0 ? "changed" : "dropped", about, text }] };
}

function readNetwork(run: DockerRun): { off: boolean; notes: Note[] } {
  const option = run.options.findLast(({ name }) => name === "network");
  const value = option?.value.text ?? "";
  if (!option || ["bridge", "default"].includes(value)) return { off: false, notes: [] };
  if (value === "none") return { off: true, notes: [] };
  const about = `${option.given} ${excerpt(value)}`;
  return value === "host"
    ? {
        off: false,
        notes: [
          {
            level: "unsafe",
            about,
            text: "It opens every service of this machine to the program; the container has a network of its own.",
          },
        ],
      }
    : {
        off: false,
        notes: [{ level: "dropped", about, text: "A job is in no network with other containers." }],
      };
}

/** Options that are dealt with above, each by its own rule. */
const dealtWith = new Set(
  "cpus cpuset-cpus entrypoint env env-file gpus ipc memory mount name network restart runtime shm-size volume workdir".split(
    " ",
  ),
);

const ports: Readonly<Record<string, string>> = {
  "6006": "Curves are on the run's page while it runs, so no TensorBoard is needed",
  "8888": "A job is no notebook",
};

function plainNotes(run: DockerRun): Note[] {
  return run.options.flatMap((option): Note[] => {
    const { name, given, value } = option;
    if (name === "pid" || name === "uts" || name === "userns")
      return value.text === "host"
        ? [{ level: "unsafe", about: `${given}=host`, text: flagOf("uts")?.said.text ?? "" }]
        : [{ level: "dropped", about: given, text: "A job is apart from other containers." }];
    if (name === "runtime")
      return ["nvidia", "runc"].includes(value.text)
        ? []
        : [
            {
              level: "dropped",
              about: given,
              text: "How containers are run is the engine's choice.",
            },
          ];
    if (dealtWith.has(name) || isGpuDevice(option)) return [];
    if (flagOf(name)?.takesValue === false && ["false", "0"].includes(value.text)) return [];
    const said = flagOf(name)?.said ?? { level: "dropped", text: "" };
    if (name !== "publish") return [{ ...said, about: given }];
    const inside = /(\d+)(?:\/\w+)?$/.exec(value.text)?.[1] ?? "";
    const known = Object.hasOwn(ports, inside) ? ports[inside] : undefined;
    const about = `${given} ${excerpt(value.text)}`;
    return [{ ...said, about, text: known === undefined ? said.text : `${known}.` }];
  });
}
