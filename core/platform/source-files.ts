import type { Dirent } from "node:fs";
import { lstat, readdir, realpath } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { GauntletError } from "../../shared/errors.ts";
import { gitFiles } from "./git.ts";

const sizeLimit = 512 * 1024 * 1024;
const countLimit = 20_000;

/** Folders that hold no code of the user's, left out where git does not say what to leave out. */
const skippedFolders = new Set([
  ".git",
  ".hg",
  ".svn",
  "node_modules",
  "__pycache__",
  ".venv",
  "venv",
  ".mypy_cache",
  ".pytest_cache",
  ".ipynb_checkpoints",
]);

/**
 * The files that make up an experiment's code, relative to its folder, sorted: under git what git
 * tracks or would track, else everything but caches. Throws CODE_TOO_LARGE over 512 MiB or 20,000
 * files, which means that data lie among the code.
 */
export async function listSourceFiles(folder: string): Promise<string[]> {
  const candidates = (await gitFiles(folder)) ?? (await walkFiles(folder, skippedFolders));
  if (candidates.length > countLimit) throw tooLarge(folder, `more than ${countLimit} files`);
  const files: string[] = [];
  let size = 0;
  for (const name of candidates) {
    const stat = await lstat(join(folder, name)).catch(() => undefined); // tracked, but deleted
    if (!stat?.isFile() && !(stat?.isSymbolicLink() && (await leadsToFileInside(folder, name))))
      continue;
    size += stat.size;
    if (size > sizeLimit) throw tooLarge(folder, "more than 512 MiB");
    files.push(name);
  }
  return files.toSorted();
}

/** Links to data elsewhere, or to folders, are common beside code and are no code. */
async function leadsToFileInside(folder: string, name: string): Promise<boolean> {
  try {
    const [root, target] = await Promise.all([realpath(folder), realpath(join(folder, name))]);
    return target.startsWith(root + sep) && (await lstat(target)).isFile();
  } catch {
    return false; // A link that leads nowhere.
  }
}

/**
 * Every file below a folder, relative to it, with `/`; links are listed, never followed. A folder
 * that cannot be listed is thrown, or told to `onUnlisted` and passed over.
 */
export async function walkFiles(
  folder: string,
  skip: ReadonlySet<string> = new Set(),
  onUnlisted?: (folder: string, error: unknown) => void,
): Promise<string[]> {
  const files: string[] = [];
  const pending = [folder];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    let entries: Dirent[];
    try {
      entries = await readdir(next, { withFileTypes: true });
    } catch (error) {
      if (!onUnlisted) throw error;
      onUnlisted(next, error);
      continue;
    }
    for (const entry of entries) {
      const path = join(next, entry.name);
      if (!entry.isDirectory()) files.push(relative(folder, path).split(sep).join("/"));
      else if (!skip.has(entry.name)) pending.push(path);
    }
  }
  return files.toSorted();
}

function tooLarge(folder: string, what: string): GauntletError {
  return new GauntletError("CODE_TOO_LARGE", `The folder ${folder} holds ${what} of code.`);
}
