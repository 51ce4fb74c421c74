import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { openRegularFile } from "./regular-file.ts";
import { walkFiles } from "./source-files.ts";

/** Bytes that are read at a time. */
const pieceSize = 1024 * 1024;

/**
 * Copies the files of a folder into a new one. What links lead to is copied, so that the copy stands
 * by itself; it is on the disk when this returns. Throws a plain sentence for what is no regular file,
 * what the file system throws, and the signal's reason once that is aborted.
 */
export async function copyFolder(from: string, to: string, signal?: AbortSignal): Promise<void> {
  await mkdir(to);
  for (const name of await walkFiles(from)) {
    signal?.throwIfAborted();
    const source = await openRegularFile(join(from, name));
    if (!source) throw new Error(`${join(from, name)} is no regular file`);
    const target = join(to, name);
    await mkdir(dirname(target), { recursive: true });
    try {
      await pipeline(
        source.createReadStream({ highWaterMark: pieceSize }),
        createWriteStream(target, { flags: "wx", flush: true }),
        { signal },
      );
    } catch (error) {
      signal?.throwIfAborted(); // Its own reason, not that of the streams.
      throw error;
    }
  }
}
