/** Whether a packed dataset can be made again from what it was made of. */
import { createHash } from "node:crypto";
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import type { CatalogDataset } from "../catalog/datasets.ts";
import type { DatasetSource } from "../domain/dataset-source.ts";
import { eachLimited } from "../platform/each-limited.ts";
import { walkFiles } from "../platform/source-files.ts";
import { version } from "./version.ts";

/** Files that are asked about at a time. */
const asked = 16;

/**
 * What the files of a source look like: a hash over the name, size and time of change of each.
 * Reads no content. Throws what the file system throws.
 */
export async function sourceStamp(path: string): Promise<string> {
  const names = (await lstat(path)).isDirectory() ? await walkFiles(path) : [""];
  const looks = new Map<string, string>();
  await eachLimited(names, asked, async (name) => {
    const { size, mtimeMs } = await lstat(join(path, name));
    looks.set(name, `${size} ${mtimeMs}`);
  });
  const hash = createHash("sha256");
  for (const name of names) hash.update(`${JSON.stringify(name)} ${looks.get(name)}\n`);
  return hash.digest("hex");
}

/**
 * Whether what a dataset was packed from is there as it was, and this Gauntlet reads it as the one
 * did that packed it. Any doubt says no: then what is packed is the only copy.
 */
export async function canBeMadeAgain({ source }: CatalogDataset): Promise<boolean> {
  if (source === null || source.version !== version) return false;
  if (source.kind === "kit") return true; // It came with this version.
  return (await sourceStamp(source.path).catch(() => null)) === source.stamp;
}

/** Whether there is anything at all to make it from; quick, and no promise. */
export async function isSourceThere(source: DatasetSource | null): Promise<boolean> {
  if (source === null) return false;
  return source.kind === "kit" || (await lstat(source.path).catch(() => null)) !== null;
}
