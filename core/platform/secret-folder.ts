/**
 * Where a job finds its secret files while it runs: in memory, not on a disk. The name follows from
 * the attempt's folder, so that whoever looks after the attempt next can take it away.
 */
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { isErrno } from "./errno.ts";

/** The magic number of tmpfs in statfs(2). */
const tmpfs = 0x01021994;
const sharedMemory = "/dev/shm";

/** The folder of an attempt's secrets, whether it is there or not. */
export function secretFolder(attemptFolder: string): string {
  const hash = createHash("sha256").update(attemptFolder).digest("hex").slice(0, 32);
  return join(memoryFolder(), `gauntlet-secrets-${hash}`);
}

/** Where there is no such memory, as on macOS: the user's own folder of temporary files. */
function memoryFolder(): string {
  try {
    return statfsSync(sharedMemory).type === tmpfs ? sharedMemory : tmpdir();
  } catch (error) {
    if (isErrno(error)) return tmpdir();
    throw error;
  }
}

/**
 * Makes the folder anew, for its owner alone, with these files, by their path in it. Throws the
 * system's error, and a plain one where somebody else has taken the name.
 */
export function makeSecretFolder(folder: string, files: Readonly<Record<string, string>>): void {
  removeSecretFolder(folder);
  // Fails where the name is taken again: nothing of ours is written into what others have made.
  mkdirSync(folder, { mode: 0o700 });
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, text, { flag: "wx", mode: 0o400 });
  }
}

/** Takes the folder away; nothing where there is none. */
export function removeSecretFolder(folder: string): void {
  const info = lstatSync(folder, { throwIfNoEntry: false });
  if (!info) return;
  if (process.getuid && info.uid !== process.getuid())
    throw new Error(`${folder} belongs to somebody else`);
  rmSync(folder, { recursive: true, force: true });
}
