/** Whether a packed dataset can be made again from what it was made of. */
import { createHash } from "node:crypto";
import type { Stats } from "node:fs";
import { lstat, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import type { CatalogDataset } from "../catalog/datasets.ts";
import type { DatasetSource } from "../domain/dataset-source.ts";
import { eachLimited } from "../platform/each-limited.ts";
import { walkFiles } from "../platform/source-files.ts";
import type { CoreContext } from "./context.ts";
import { version } from "./version.ts";

/** Files that are asked about at a time. */
const asked = 16;

/** What the files of a source look like, by their names in it. */
type Looks = Map<string, Stats>;

/** What stands at a path, a link for what it leads to; one that leads nowhere for itself. */
async function looksOf(path: string): Promise<Looks> {
  // The root itself must be there: a link to it says nothing of what is behind.
  const names = (await stat(path)).isDirectory() ? await walkFiles(path) : [""];
  const looks: Looks = new Map();
  await eachLimited(names, asked, async (name) => {
    const file = join(path, name);
    looks.set(name, await stat(file).catch(() => lstat(file)));
  });
  return looks;
}

function stampOf(looks: Looks): string {
  const hash = createHash("sha256");
  const inOrder = [...looks].toSorted(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, { size, mtimeMs }] of inOrder)
    hash.update(`${JSON.stringify(name)} ${size} ${mtimeMs}\n`);
  return hash.digest("hex");
}

/**
 * What the files of a source look like: a hash over the name, size and time of change of each.
 * Reads no content. Throws what the file system throws.
 */
export async function sourceStamp(path: string): Promise<string> {
  return stampOf(await looksOf(path));
}

type Folders = Pick<CoreContext["folders"], "data" | "datasets">;

/** Whether a path leads into the data folder: what is there goes when Gauntlet wants it to. */
export async function isInDataFolder({ data }: Folders, path: string): Promise<boolean> {
  const folder = await realpath(data);
  const real = await realpath(path).catch(() => path);
  return real === folder || real.startsWith(folder + sep);
}

/** Whether a file of a source is one of a packed dataset, by another name: a link, a mount. */
async function holdsPacked({ datasets }: Folders, looks: Looks): Promise<boolean> {
  const packed = new Set<string>();
  for (const name of await walkFiles(datasets))
    packed.add(identity(await lstat(join(datasets, name))));
  return [...looks.values()].some((look) => packed.has(identity(look)));
}

function identity({ dev, ino }: Stats): string {
  return `${dev} ${ino}`;
}

/**
 * Whether what a dataset was packed from is there as it was, and this Gauntlet reads it as the one
 * did that packed it. Any doubt says no: then what is packed is the only copy.
 */
export async function canBeMadeAgain(
  folders: Folders,
  { source }: CatalogDataset,
): Promise<boolean> {
  if (source === null || source.version !== version) return false;
  if (source.kind === "kit") return true; // It came with this version.
  try {
    const looks = await looksOf(source.path);
    if (stampOf(looks) !== source.stamp || (await isInDataFolder(folders, source.path)))
      return false;
    return !(await holdsPacked(folders, looks));
  } catch {
    return false;
  }
}

/** Whether there is anything at all to make it from; quick, and no promise. */
export async function isSourceThere(source: DatasetSource | null): Promise<boolean> {
  if (source === null) return false;
  return source.kind === "kit" || (await stat(source.path).catch(() => null)) !== null;
}
