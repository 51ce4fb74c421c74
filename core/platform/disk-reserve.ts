import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isErrno } from "./errno.ts";

/**
 * Space on a disk that is held for the moment when it is full: what must be written then, to stop
 * what fills it, has somewhere to go. In pieces, for whatever fills the disk takes what is left of a
 * piece as well. Best effort: a disk without room to spare has no reserve.
 * @param folder holds the pieces
 * @param bytes size of a piece: enough for one thing that must be written
 */
export function createDiskReserve(folder: string, pieces: number, bytes: number) {
  const files = Array.from({ length: pieces }, (_, index) => join(folder, String(index)));
  const sizeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size;
  return {
    /** Takes the pieces that are missing, where several times as much is free. */
    hold(): void {
      const missing = files.filter((file) => sizeOf(file) !== bytes);
      if (missing.length === 0) return;
      try {
        mkdirSync(folder, { recursive: true });
        const { bavail, bsize } = statfsSync(folder);
        if (bavail * bsize < 4 * pieces * bytes) return;
        // Random, for a file system that compresses would hold next to nothing for zeros.
        for (const file of missing) writeFileSync(file, randomBytes(bytes), { mode: 0o600 });
      } catch (error) {
        if (!isErrno(error)) throw error; // The disk is not as it should be, which others will say.
      }
    },
    /** Gives a piece up; false when there was none. */
    release(): boolean {
      const file = files.find((piece) => sizeOf(piece) !== undefined);
      if (file === undefined) return false;
      rmSync(file, { force: true });
      return true;
    },
  };
}
