import { constants } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { isErrno } from "./errno.ts";

/**
 * Opens a file for reading that a program may have put anything in the place of: null when there
 * is nothing, or something that is no regular file, such as a folder, a socket, or a pipe that
 * would be waited for. Links are followed. Throws the system's error, such as EACCES.
 */
export async function openRegularFile(path: string): Promise<FileHandle | null> {
  try {
    // Asked first, for opening a device may do something.
    if (!(await stat(path)).isFile()) return null;
    const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    if ((await handle.stat()).isFile()) return handle;
    await handle.close();
    return null;
  } catch (error) {
    if (isErrno(error) && isNothing.has(error.code)) return null;
    throw error;
  }
}

/** ELOOP: a link that leads to itself. */
const isNothing = new Set(["ENOENT", "ENOTDIR", "ELOOP"]);
