import { readdirSync, readlinkSync } from "node:fs";
import { isErrno } from "../../core/platform/errno.ts";

/**
 * What this process holds open, sorted: files by their path, the rest by its kind. Linux only. A core
 * that was opened in this process is among it, with its threads.
 */
export function openHandles(): string[] {
  return readdirSync("/proc/self/fd")
    .flatMap((name) => {
      try {
        return [readlinkSync(`/proc/self/fd/${name}`).replace(/^(socket|pipe):\[\d+\]$/, "$1")];
      } catch (error) {
        if (isErrno(error, "ENOENT")) return []; // That with which they were listed.
        throw error;
      }
    })
    .toSorted();
}
