/** Makes the pipe between a job and its log. */
import { spawn } from "node:child_process";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { isErrno } from "../../platform/errno.ts";

/**
 * Makes a named pipe at `path`, which a job gets as its standard output and its standard error, so
 * that the log has their lines in the order in which they were written. False where none was made.
 *
 * Node's own `stdio: "pipe"` makes two sockets: the order between them is lost, and a script that
 * opens /dev/stdout or /dev/stderr fails on a socket (ENXIO). Node cannot make a pipe, but it can
 * open one that has a name. Where there is no mkfifo, where the file system has no named pipes, and
 * on Windows, nothing is made, and the sockets have to do.
 */
async function makePipe(path: string): Promise<boolean> {
  if (process.platform === "win32") return false;
  return new Promise((resolve) => {
    const child = spawn("mkfifo", ["-m", "600", path], { stdio: "ignore" });
    child.once("error", () => resolve(false));
    child.once("exit", (code) => resolve(code === 0));
  });
}

/**
 * Returns a function that makes a pipe at a path. With a folder, on the same file system, it keeps
 * one ready there: starting mkfifo takes some milliseconds, for which a launch need not wait.
 */
export function createPipeMaker(folder: string | undefined): (path: string) => Promise<void> {
  let spare: Promise<string | null> | null = null;

  async function makeSpare(inFolder: string): Promise<string | null> {
    // One name, so that what an earlier process left is not added to.
    const path = join(inFolder, "next-pipe");
    try {
      await mkdir(inFolder, { recursive: true });
      await rm(path, { force: true });
      return (await makePipe(path)) ? path : null;
    } catch (error) {
      if (isErrno(error)) return null; // Then each launch makes its own, or says what is amiss.
      throw error;
    }
  }

  return async (path) => {
    const taken = spare;
    spare = null;
    const ready = await taken;
    if (ready === null || !(await isMoved(ready, path))) await makePipe(path);
    if (folder !== undefined) spare ??= makeSpare(folder);
  };
}

/** False when it is not there any more, or the target lies on another file system. */
async function isMoved(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (isErrno(error)) return false;
    throw error;
  }
}
