/**
 * Mounts a small disk, lets it fail, and prints what a local store says to that. To be run in a
 * mount namespace of its own: `unshare -rm node local-store-on-bad-disk.ts full|read-only FOLDER`.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createLocalStore } from "../../core/storage/local-store.ts";

const [, , fault, folder = ""] = process.argv;
const disk = join(folder, "disk");
const megabyte = 2 ** 20;
mkdirSync(disk);
execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabyte}`, "tmpfs", disk]);

const store = createLocalStore(join(disk, "artifacts"));
const source = (name: string, content: string | Uint8Array) => {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
};
const { sha256 } = await store.put(source("kept", Buffer.alloc(megabyte / 2, 1)));

if (fault === "read-only") execFileSync("mount", ["-o", "remount,ro", disk]);

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return null;
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : String(error);
  }
}

const result: Record<string, unknown> = {
  put: await codeOf(store.put(source("small", Buffer.alloc(megabyte, 2)))),
  putLarge: await codeOf(store.put(source("large", Buffer.alloc(6 * megabyte, 3)))),
};
// Leaves less room than the copy needs.
if (fault === "full") writeFileSync(join(disk, "filler"), Buffer.alloc(megabyte / 4));
result["materialise"] = await codeOf(store.materialise(sha256, join(disk, "copy")));
if (fault === "read-only") result["remove"] = await codeOf(store.remove(sha256));
result["kept"] =
  (await codeOf(store.materialise(sha256, join(folder, "copy"), { verify: true }))) === null;
result["temporary"] = readdirSync(join(disk, "artifacts", "tmp")).length;
process.stdout.write(JSON.stringify(result));
