import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { excerpt } from "../../../shared/visible.ts";
import { openRegularFile } from "../../platform/regular-file.ts";
import { damaged } from "./problems.ts";

/** What a folder holds by kind, each sorted by name. */
export type Listing = { folder: string; files: string[]; folders: string[] };

/** Lists one folder. Links are in neither list: they may lead anywhere. */
export async function listFolder(folder: string): Promise<Listing> {
  const files: string[] = [];
  const folders: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (isRubbish(entry.name)) continue;
    if (entry.isFile()) files.push(entry.name);
    else if (entry.isDirectory()) folders.push(entry.name);
  }
  return { folder, files: files.toSorted(), folders: folders.toSorted() };
}

/** What systems leave in folders, and nobody means. */
function isRubbish(name: string): boolean {
  return name.startsWith(".") || name === "__MACOSX" || /^(thumbs\.db|desktop\.ini)$/i.test(name);
}

/** Names of image files, whatever the case. */
const imageName = /\.(png|jpe?g)$/i;

/** Absolute paths of the images below a folder, sorted; what else lies there is counted. */
export async function imagesBelow(folder: string): Promise<{ images: string[]; others: number }> {
  const images: string[] = [];
  let others = 0;
  const pending = [folder];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { files, folders } = await listFolder(next);
    for (const name of files) {
      if (imageName.test(name)) images.push(join(next, name));
      else others++;
    }
    for (const name of folders) pending.push(join(next, name));
  }
  return { images: images.toSorted(), others };
}

/** A name out of a list or an annotation that is a file's own name, and leads nowhere else. */
export function fileNameFrom(name: string, list: string): string {
  if (name === "" || name !== basename(name) || /[\\/\0]/.test(name) || /^\.{1,2}$/.test(name))
    throw damaged(list, `names ${excerpt(name, 100)}, which is no file's own name`);
  return name;
}

/** Bytes of a list of names and labels: 20 million of them. */
const longestText = 512 * 1024 * 1024;

/** A text file in UTF-8. Throws DATASET_SOURCE_DAMAGED when it is no file or larger than `most` bytes. */
export async function readText(path: string, most = longestText): Promise<string> {
  const handle = await openRegularFile(path);
  if (!handle) throw damaged(path, "is not there");
  try {
    const { size } = await handle.stat();
    if (size > most) throw damaged(path, `has ${size} bytes; at most ${most} are read`);
    return await handle.readFile("utf8");
  } finally {
    await handle.close();
  }
}

/** The lines of a text that say something, without what stands around them. */
export function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
