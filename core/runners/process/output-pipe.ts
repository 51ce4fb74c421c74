/** Makes the pipe between a job and its log. */
import { spawn } from "node:child_process";
import { attemptFiles } from "./attempt-files.ts";

/**
 * Makes a named pipe in the attempt's folder, which the job gets as its standard output and its
 * standard error, so that the log has their lines in the order in which they were written.
 *
 * Node's own `stdio: "pipe"` makes two sockets: the order between them is lost, and a script that
 * opens /dev/stdout or /dev/stderr fails on a socket (ENXIO). Node cannot make a pipe, but it can
 * open one that has a name. Where there is no mkfifo, where the file system has no named pipes, and
 * on Windows, nothing is made, and the sockets have to do.
 */
export async function makeOutputPipe(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  await new Promise<void>((resolve) => {
    const args = ["-m", "600", attemptFiles(folder).output];
    const child = spawn("mkfifo", args, { stdio: "ignore" });
    child.once("error", () => {
      resolve();
    });
    child.once("exit", () => {
      resolve();
    });
  });
}
