import { accessSync, constants, existsSync, mkdirSync, statfsSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { GauntletError } from "../../shared/errors.ts";
import { isErrno } from "./errno.ts";

/** The platform's folder for an application's data, or GAUNTLET_DATA where it is set. */
export function defaultDataFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env["GAUNTLET_DATA"]) return resolve(env["GAUNTLET_DATA"]);
  const home = homedir();
  if (process.platform === "darwin")
    return join(home, "Library", "Application Support", "Gauntlet");
  if (process.platform === "win32")
    return join(env["LOCALAPPDATA"] ?? join(home, "AppData", "Local"), "Gauntlet");
  return join(env["XDG_DATA_HOME"] ?? join(home, ".local", "share"), "gauntlet");
}

/** Makes the data folder, for its owner alone. Throws DATA_FOLDER_READ_ONLY and DISK_FULL. */
export function prepareDataFolder(folder: string): void {
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    if (isErrno(cause, "ENOSPC"))
      throw new GauntletError("DISK_FULL", `The disk of ${folder} is full.`, { cause });
    throw new GauntletError(
      "DATA_FOLDER_READ_ONLY",
      `The data folder ${folder} cannot be written${isErrno(cause) ? ` (${cause.code})` : ""}.`,
      { cause },
    );
  }
}

/**
 * Makes a folder with its parents. Not by Node's `recursive`: where a parent is there and nothing
 * can be made in it, as in /proc, that tries for ever.
 */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (isErrno(error, "EEXIST") && statSync(folder).isDirectory()) return;
    const parent = dirname(folder);
    if (!isErrno(error, "ENOENT") || existsSync(parent)) throw error;
    makeFolder(parent);
    mkdirSync(folder, { mode: 0o700 });
  }
}

/** File systems over a network, by the magic number of statfs(2). */
const networkFileSystems = new Map([
  [0x6969, "NFS"],
  [0xff534d42, "CIFS"],
  [0xfe534d42, "SMB2"],
  [0x517b, "SMB"],
  [0x01021997, "9P"],
  [0x5346414f, "AFS"],
  [0x00c36400, "Ceph"],
  [0x65735546, "FUSE"],
]);

/** The kind of network file system that holds a folder, or null. SQLite's locks fail on some. */
export function networkFileSystemOf(folder: string): string | null {
  return networkFileSystems.get(statfsSync(folder).type) ?? null;
}
