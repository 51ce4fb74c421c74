import { createHash, randomUUID } from "node:crypto";
import { constants, createReadStream, createWriteStream } from "node:fs";
import { access, copyFile, lstat, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { GauntletError } from "../../shared/errors.ts";
import type { ArtifactStore } from "../domain/ports.ts";
import { isErrno } from "../platform/errno.ts";

/** Files of this name are half-written; a crash leaves them behind. */
const temporarySuffix = ".tmp";

/**
 * Keeps files under `<root>/<first two digits>/<SHA-256>`. The same bytes are stored once; a file
 * is there whole or not at all. Throws DISK_FULL, DATA_FOLDER_READ_ONLY, ARTIFACT_MISSING and
 * ARTIFACT_DAMAGED.
 */
export function createLocalStore(root: string): ArtifactStore {
  const pathOf = (sha256: string) => {
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw new RangeError(`${sha256} is no SHA-256`);
    return join(root, sha256.slice(0, 2), sha256);
  };
  return {
    pathOf,
    async has(sha256) {
      return access(pathOf(sha256)).then(
        () => true,
        () => false,
      );
    },
    async put(file) {
      const stat = await lstat(file);
      if (!stat.isFile()) throw new RangeError(`${file} is no regular file`);
      const temporary = join(root, `${randomUUID()}${temporarySuffix}`);
      try {
        await mkdir(root, { recursive: true });
        const { sha256, size } = await copyHashing(file, temporary);
        const target = pathOf(sha256);
        await mkdir(dirname(target), { recursive: true });
        await rename(temporary, target);
        return { sha256, size };
      } catch (error) {
        await rm(temporary, { force: true });
        throw translate(error, root);
      }
    },
    async materialise(sha256, target) {
      try {
        await copyFile(pathOf(sha256), target, constants.COPYFILE_FICLONE);
      } catch (error) {
        if (isErrno(error, "ENOENT"))
          throw new GauntletError("ARTIFACT_MISSING", `The stored file ${sha256} is missing.`, {
            cause: error,
          });
        throw translate(error, target);
      }
    },
    async remove(sha256) {
      await rm(pathOf(sha256), { force: true });
    },
    async *list() {
      for (const folder of await readdir(root).catch(() => []))
        if (/^[0-9a-f]{2}$/.test(folder)) yield* await readdir(join(root, folder));
    },
  };
}

/** Copies and hashes in one reading, and sees that the bytes are on the disk. */
async function copyHashing(from: string, to: string): Promise<{ sha256: string; size: number }> {
  const hash = createHash("sha256");
  let size = 0;
  await pipeline(
    createReadStream(from),
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        size += chunk.length;
        yield chunk;
      }
    },
    createWriteStream(to, { mode: 0o444, flags: "wx" }),
  );
  const handle = await open(to, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { sha256: hash.digest("hex"), size };
}

function translate(error: unknown, where: string): unknown {
  if (isErrno(error, "ENOSPC") || isErrno(error, "EDQUOT"))
    return new GauntletError("DISK_FULL", `The disk of ${where} is full.`, { cause: error });
  if (isErrno(error, "EROFS") || isErrno(error, "EACCES"))
    return new GauntletError("DATA_FOLDER_READ_ONLY", `${where} cannot be written.`, {
      cause: error,
    });
  return error;
}
