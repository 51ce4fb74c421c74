import { createHash } from "node:crypto";
import { chmod, mkdir, realpath, stat } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import type { ArtifactStore, TreeStore } from "../domain/ports.ts";
import type { TreeFile } from "../domain/tree.ts";

/** Keeps folders in an artifact store: each file by its content, the folder by all of them. */
export function createTreeStore(store: ArtifactStore): TreeStore {
  return {
    async put(folder, paths) {
      const root = await realpath(folder);
      const files: TreeFile[] = [];
      for (const path of [...new Set(paths)].toSorted()) {
        checkPath(path);
        const file = await realpath(join(root, path));
        // A link is kept as what it points to, when that is in the folder too.
        if (!file.startsWith(root + sep)) continue;
        const { mode } = await stat(file);
        files.push({ path, ...(await store.put(file)), executable: (mode & 0o111) !== 0 });
      }
      return { hash: treeHash(files), files };
    },
    async materialise(tree, target) {
      await mkdir(target, { recursive: true });
      for (const { path, sha256, executable } of tree.files) {
        checkPath(path);
        const file = join(target, path);
        await mkdir(dirname(file), { recursive: true });
        await store.materialise(sha256, file);
        await chmod(file, executable ? 0o755 : 0o644);
      }
    },
  };
}

/** SHA-256 over the sorted files, one JSON array a line. */
function treeHash(files: readonly TreeFile[]): string {
  const hash = createHash("sha256");
  for (const { path, sha256, executable } of files)
    hash.update(`${JSON.stringify([path, sha256, executable])}\n`);
  return hash.digest("hex");
}

/** Throws for a path that would lead out of the folder. */
function checkPath(path: string): void {
  if (path === "" || path.startsWith("/") || path.includes("\0") || /(^|\/)\.\.?(\/|$)/.test(path))
    throw new RangeError(`${JSON.stringify(path)} is no path inside a folder`);
}
