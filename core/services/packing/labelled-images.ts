import { join } from "node:path";
import { parseDocument } from "yaml";
import { excerpt } from "../../../shared/visible.ts";
import { imageSource } from "./image-files.ts";
import { numberedClasses } from "./labels.ts";
import { fileNameFrom, type Listing, listFolder, readText } from "./listing.ts";
import { damaged } from "./problems.ts";
import type { ReadOptions, Source } from "./source.ts";

/** Bytes of a list of labels: half a million images. */
const longestList = 16 * 1024 * 1024;

/** The list of labels of a folder; null when there is none. */
export function findLabels({ folder, files }: Listing): string | null {
  const name = files.find((name) => /^labels\.ya?ml$/i.test(name));
  return name === undefined ? null : join(folder, name);
}

/**
 * Reads images and a `labels.yml` that gives each file's name a label, as in the NIPS 2018 Adversarial
 * Vision Challenge; the images lie beside it or in `images/`. Labels are numbers of classes, or their
 * names. Samples are in the order of the files' names.
 * @throws GauntletError what imageSource throws; DATASET_SOURCE_DAMAGED for a name that is not there or
 *   leads elsewhere
 */
export async function readLabelledImages(list: string, options: ReadOptions): Promise<Source> {
  const folder = join(list, "..");
  const { files, folders } = await listFolder(folder);
  const inImages = folders.includes("images") ? await listFolder(join(folder, "images")) : null;
  const at = new Map([
    ...files.map((name) => [name, join(folder, name)] as const),
    ...(inImages?.files ?? []).map((name) => [name, join(folder, "images", name)] as const),
  ]);
  const entries = (await readLabelList(list)).map(([name, label]) => {
    const file = at.get(fileNameFrom(name, list));
    if (file === undefined) throw damaged(list, `names ${excerpt(name, 100)}, which is not there`);
    return { file, label };
  });
  const { classes, labels } = classesOf(
    list,
    entries.map(({ label }) => label),
  );
  return imageSource(
    { format: "labelled images", classes, notes: [] },
    [{ split: null, files: entries.map(({ file }) => file), labels }],
    options,
  );
}

/** The names and labels of a list, sorted by name. Throws DATASET_SOURCE_DAMAGED. */
export async function readLabelList(
  list: string,
): Promise<[name: string, label: string | number][]> {
  const document = parseDocument(await readText(list, longestList), {
    schema: "core",
    uniqueKeys: false, // it compares all with all; a Map tells, too
    logLevel: "silent",
  });
  const problem = document.errors[0];
  if (problem)
    throw damaged(list, `is no YAML: ${excerpt(problem.message.split("\n")[0] ?? "", 200)}`);
  let data: unknown;
  try {
    data = document.toJS({ maxAliasCount: 0, mapAsMap: true });
  } catch (cause) {
    throw damaged(list, "has aliases, which a list of labels does not need", cause);
  }
  if (!(data instanceof Map)) throw damaged(list, "is no list of names with labels");
  const entries = [...data].map(([name, label]: [unknown, unknown]): [string, string | number] => {
    if (typeof name !== "string" || (typeof label !== "string" && typeof label !== "number"))
      throw damaged(
        list,
        `has something else than a file's name and a label: ${excerpt(String(name))}`,
      );
    return [name, label];
  });
  return entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function classesOf(
  list: string,
  given: readonly (string | number)[],
): { classes: string[]; labels: number[] } {
  const numbers = given.filter((label) => typeof label === "number");
  if (numbers.length === given.length)
    return { classes: numberedClasses([{ file: list, labels: numbers }]), labels: numbers };
  if (numbers.length > 0) throw damaged(list, "gives some images a number and others a name");
  const classes = [...new Set(given.map(String))].toSorted();
  const labelOf = new Map(classes.map((name, label) => [name, label]));
  return { classes, labels: given.map((label) => labelOf.get(String(label)) ?? 0) };
}
