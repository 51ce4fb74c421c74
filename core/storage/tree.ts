import { createHash } from "node:crypto";
import { chmod, mkdir, readdir, realpath, stat } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";
import { GauntletError } from "../../shared/errors.ts";
import { excerpt } from "../../shared/visible.ts";
import type { ArtifactStore, TreeStore } from "../domain/ports.ts";
import type { TreeFile, TreeManifest } from "../domain/tree.ts";
import { eachLimited } from "../platform/each-limited.ts";
import { isErrno } from "../platform/errno.ts";
import { sha256OfFile } from "../platform/sha256.ts";
import { translatingFileErrors } from "./file-errors.ts";

/** Files handled at a time: enough to keep a disk busy while it syncs. */
const concurrency = 8;

/** Folders kept by content in an artifact store. */
export function createTreeStore(artifacts: ArtifactStore): TreeStore {
  return {
    put: (folder, files) => putTree(artifacts, folder, files),
    materialise: (tree, target) => materialiseTree(artifacts, tree, target),
  };
}

/**
 * Keeps the named files of a folder. A link is kept as the file that it points to, if that lies
 * inside the folder too. Throws ARTIFACT_REFUSED for other links, for what is no regular file and
 * for paths that do not stay inside, and what a put throws.
 */
export function putTree(
  artifacts: ArtifactStore,
  folder: string,
  listed: readonly string[],
): Promise<TreeManifest> {
  return treeOf(folder, listed, (file) => artifacts.put(file));
}

/** The hash that putTree would give, without keeping anything. Throws ARTIFACT_REFUSED. */
export async function hashTree(folder: string, listed: readonly string[]): Promise<string> {
  const { hash } = await treeOf(folder, listed, async (file) => ({
    sha256: await sha256OfFile(file),
    size: (await stat(file)).size,
  }));
  return hash;
}

async function treeOf(
  folder: string,
  listed: readonly string[],
  take: (file: string) => Promise<{ sha256: string; size: number }>,
): Promise<TreeManifest> {
  const paths = [...new Set(listed)];
  checkPaths(paths);
  const root = await realpath(folder);
  const files: TreeFile[] = [];
  await eachLimited(paths, concurrency, async (path) => {
    const file = await resolveInside(root, path);
    const { sha256, size } = await take(file);
    const executable = ((await stat(file)).mode & 0o111) !== 0;
    files.push({ path, sha256, size, executable });
  });
  files.sort(byPath);
  return { hash: treeHash(files), files };
}

/**
 * Copies a stored folder to `target`, which must not exist yet or be empty: what lies there could
 * lead outside. Every file's hash is checked. The copies are writable, as they are nobody else's.
 * Throws ARTIFACT_MISSING, ARTIFACT_DAMAGED (also for a manifest that does not match its hash) and
 * ARTIFACT_REFUSED (for paths that do not stay inside).
 */
export async function materialiseTree(
  artifacts: ArtifactStore,
  tree: TreeManifest,
  target: string,
): Promise<void> {
  checkPaths(tree.files.map(({ path }) => path));
  if (treeHash(tree.files) !== tree.hash)
    throw new GauntletError(
      "ARTIFACT_DAMAGED",
      `The list of files of ${excerpt(tree.hash, 80)} is damaged.`,
    );
  await translatingFileErrors(target, () => mkdir(target, { recursive: true }));
  if ((await readdir(target)).length > 0) throw new Error(`${target} is not empty`);
  await eachLimited(tree.files, concurrency, async ({ path, sha256, executable }) => {
    const file = join(target, ...path.split("/"));
    await artifacts.materialise(sha256, file, { verify: true });
    if (executable) await chmod(file, 0o755);
  });
}

/**
 * SHA-256 over the files, sorted by path: one line of JSON each, which no path can break out of.
 * Where the bytes are kept, and when they were written, does not matter.
 */
export function treeHash(files: readonly TreeFile[]): string {
  const hash = createHash("sha256");
  for (const { path, sha256, executable } of files.toSorted(byPath))
    hash.update(`${JSON.stringify([path, sha256, executable])}\n`);
  return hash.digest("hex");
}

/** By UTF-16 code units: the same order in every language and on every machine. */
function byPath(a: TreeFile, b: TreeFile): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

function checkPaths(paths: readonly string[]): void {
  const files = new Set<string>();
  const folders = new Set<string>();
  for (const path of paths) {
    const problem = pathProblem(path) ?? (files.has(path) ? "is listed twice" : null);
    if (problem) throw refused(path, problem);
    files.add(path);
    for (let end = path.indexOf("/"); end !== -1; end = path.indexOf("/", end + 1))
      folders.add(path.slice(0, end));
  }
  for (const folder of folders)
    if (files.has(folder)) throw refused(folder, "is listed as a file and as a folder");
}

/** Why a path cannot name a file of a tree, on any system: trees travel between them. */
function pathProblem(path: string): string | null {
  if (path === "") return "is an empty name";
  if (path.includes("\0")) return "holds a NUL character";
  if (!path.isWellFormed()) return "is no valid Unicode";
  if (/^[/\\]/.test(path) || isAbsolute(path)) return "is absolute";
  if (path.split(/[/\\]/).includes("..")) return "leads outside the folder";
  if (path.split("/").some((part) => part === "" || part === ".")) return "is no plain path";
  return null;
}

/** The file that a path of a folder stands for, links followed, if it lies inside. */
async function resolveInside(root: string, path: string): Promise<string> {
  let file: string;
  try {
    file = await realpath(join(root, ...path.split("/")));
  } catch (error) {
    if (!isErrno(error)) throw error;
    throw refused(path, error.code === "ENOENT" ? "is not there" : `is unreadable (${error.code})`);
  }
  const inside = relative(root, file);
  if (inside === ".." || inside.startsWith(`..${sep}`) || isAbsolute(inside))
    throw refused(path, "is a link that leads outside the folder");
  return file;
}

function refused(path: string, problem: string): GauntletError {
  return new GauntletError("ARTIFACT_REFUSED", `${excerpt(path, 200)} ${problem}.`);
}
