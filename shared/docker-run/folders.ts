/** What becomes of the mounts of a docker run line in the folder of a job. */
import { excerpt } from "../visible.ts";
import type { Note } from "./flags.ts";
import { type Mount, readMount, useOf } from "./mounts.ts";
import type { DockerRun } from "./parse.ts";

/** Where containers have the run folder; see docs/guide/run-folder.md. */
const runFolder = "/gauntlet";

export type Folders = {
  /** The first mount of data, by the name that a dataset could have. */
  dataset: string | null;
  /** Paths in the container and what stands for them, the longest first. */
  moved: { from: string; to: string }[];
  /** Where the program starts: the folder with the code was mounted there. */
  startsInCode: boolean;
  notes: Note[];
};

/** Sorts the mounts of a line by what they are for, and says what stands for each. */
export function foldersOf(run: DockerRun): Folders {
  const folders: Folders = { dataset: null, moved: [], startsInCode: false, notes: [] };
  const workdir = run.options.findLast(({ name }) => name === "workdir");
  const results: Mount[] = [];
  for (const option of run.options) {
    if (option.name !== "volume" && option.name !== "mount") continue;
    const mount = readMount(option);
    if (!mount) {
      const about = `${option.given} ${excerpt(option.value.text)}`;
      folders.notes.push({ level: "dropped", about, text: "It names no path in the container." });
    } else if (useOf(mount) === "outputs") results.push(mount);
    else placeMount(mount, folders);
  }
  for (const mount of results) placeResults(mount, results.length === 1, folders);
  const started = workdir?.value.text;
  folders.startsInCode = folders.moved.some(
    ({ from, to }) => to === `${runFolder}/in/code` && from === started,
  );
  if (workdir && !folders.startsInCode)
    folders.notes.push({
      level: "changed",
      about: `${workdir.given} ${excerpt(workdir.value.text)}`,
      text: `Commands start in in/code, the copy of the experiment's folder: give the program's files with their whole path in the image.`,
    });
  folders.moved.sort((a, b) => b.from.length - a.from.length);
  return folders;
}

function placeMount(mount: Mount, folders: Folders): void {
  const about = excerpt(mount.shown, 100);
  const say = (level: Note["level"], text: string) => folders.notes.push({ level, about, text });
  switch (useOf(mount)) {
    case "code":
      folders.moved.push({ from: mount.target, to: `${runFolder}/in/code` });
      say("changed", "Put gauntlet.yaml into that folder: each run has its own copy in in/code.");
      return;
    case "data": {
      const name = datasetName(mount);
      if (folders.dataset === null && name !== null) {
        folders.dataset = name;
        folders.moved.push({ from: mount.target, to: `${runFolder}/in/dataset` });
        say(
          "changed",
          `It reads as data: the dataset ${name} stands in in/dataset/ instead, once gauntlet datasets add has taken it in.`,
        );
      } else say("dropped", "A job has one dataset: join it to that, or put it into the image.");
      return;
    }
    case "engine":
      say("unsafe", "Who may command the container engine owns this machine.");
      return;
    case "system":
      say("unsafe", "It shows the container files of this machine that no training needs.");
      return;
    case "cache":
      say("dropped", "What is fetched anew for each job slows it down: put it into the image.");
      return;
    default:
      say(
        "dropped",
        "Jobs see no folder of this machine: code belongs beside gauntlet.yaml, data into a dataset, results into out/.",
      );
  }
}

function placeResults(mount: Mount, alone: boolean, folders: Folders): void {
  const last = mount.target.split("/").at(-1) ?? "";
  const place = alone || last === "" ? "out" : `out/${last}`;
  folders.moved.push({ from: mount.target, to: `${runFolder}/${place}` });
  folders.notes.push({
    level: "changed",
    about: excerpt(mount.shown, 100),
    text: `What the program leaves is kept with its run from ${place}/, a model from out/model/: let it write to ${runFolder}/${place} instead of ${excerpt(mount.target)}.`,
  });
}

/** The last part of where the data come from, or go to, that a dataset may be named by. */
function datasetName({ source, target }: Mount): string | null {
  const plain = /^(?:data|datasets?|inputs?|train|val|test|raw)$/i;
  const parts = [source ?? "", target].flatMap((path) =>
    path
      .split(/[/\\]/)
      .filter((part) => /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(part))
      .toReversed()
      .slice(0, 1),
  );
  return parts.find((part) => !plain.test(part)) ?? parts[0] ?? null;
}

/** `text` with every path that was moved replaced, where it stands as a path of its own. */
export function movePaths(text: string, moved: Folders["moved"]): string {
  const places = moved.filter(({ from }) => from !== "/");
  if (places.length === 0) return text;
  const names = places.map(({ from }) => from.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|");
  // In one pass, so that what was put in is not moved again.
  return text.replace(
    new RegExp(`(?<![\\w./-])(?:${names})(?![\\w.-])`, "g"),
    (from) => places.find((place) => place.from === from)?.to ?? from,
  );
}
