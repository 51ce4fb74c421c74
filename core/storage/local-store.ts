import { createHash, randomUUID } from "node:crypto";
import { constants, statSync } from "node:fs";
import {
  chmod,
  copyFile,
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  stat,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { GauntletError } from "../../shared/errors.ts";
import { excerpt } from "../../shared/visible.ts";
import type { ArtifactStore } from "../domain/ports.ts";
import { isErrno } from "../platform/errno.ts";
import { translatingFileErrors } from "./file-errors.ts";

export type LocalStore = ArtifactStore & {
  /** Removes what puts left that never ended, as after a crash. Returns how many files. */
  sweepTemp(): Promise<number>;
};

/** Files up to this size are hashed before anything is written: most of them are known already. */
const smallFile = 4 * 2 ** 20;
const chunkSize = 2 ** 20;

/**
 * Artifacts in a folder, as `<root>/<aa>/<sha256>` with `aa` the first two digits. Files appear
 * whole (written to `<root>/tmp`, synced, renamed), are read-only and are never changed. Puts and
 * removals throw DISK_FULL and DATA_FOLDER_READ_ONLY; a put refuses what is no regular file
 * (ARTIFACT_REFUSED), a link too, for it may point to anything.
 */
export function createLocalStore(root: string): LocalStore {
  const temporaryFolder = join(root, "tmp");
  const underWay = new Set<string>();
  /** For each `keeping` under way the hashes that were put since it began. */
  const kept = new Set<Set<string>>();
  const removals = new Map<string, Promise<void>>();

  const fileOf = (sha256: string) => join(root, sha256.slice(0, 2), sha256);

  async function sizeOf(sha256: string): Promise<number | null> {
    if (!isHash(sha256)) return null;
    try {
      const found = await stat(fileOf(sha256));
      return found.isFile() ? found.size : null;
    } catch (error) {
      if (isErrno(error, "ENOENT")) return null;
      throw error;
    }
  }

  /**
   * Notes that bytes are wanted and says whether they are there whole. Noting comes first and a
   * removal that had begun is waited for, so that none can come between this and a commit.
   */
  async function hasWanted(sha256: string, size: number): Promise<boolean> {
    for (const hashes of kept) hashes.add(sha256);
    await Promise.allSettled([removals.get(sha256)]);
    return (await sizeOf(sha256)) === size;
  }

  async function removeFile(sha256: string): Promise<void> {
    const file = fileOf(sha256);
    await translatingFileErrors(root, async () => {
      if ((await sizeOf(sha256)) === null) return;
      await rm(file, { force: true });
      await syncFolder(dirname(file));
    });
  }

  /** Writes to a temporary file and puts it in its place once its content is known and safe. */
  async function write(chunks: AsyncIterable<Buffer> | Iterable<Buffer>) {
    const name = randomUUID();
    const temporary = join(temporaryFolder, name);
    underWay.add(name);
    try {
      await mkdir(temporaryFolder, { recursive: true });
      const written = await writeHashing(temporary, chunks);
      // Bytes of another length are damaged, and are replaced.
      if (!(await hasWanted(written.sha256, written.size)))
        await moveIntoPlace(temporary, fileOf(written.sha256));
      return written;
    } finally {
      await rm(temporary, { force: true });
      underWay.delete(name);
    }
  }

  return {
    async put(file) {
      const source = await openRegularFile(file);
      try {
        if ((await source.stat()).size > smallFile)
          return await translatingFileErrors(root, () => write(chunksOf(source)));
        const bytes = await source.readFile();
        const sha256 = createHash("sha256").update(bytes).digest("hex");
        if (await hasWanted(sha256, bytes.length)) return { sha256, size: bytes.length };
        return await translatingFileErrors(root, () => write([bytes]));
      } finally {
        await source.close();
      }
    },

    async keeping(work) {
      const hashes = new Set<string>();
      kept.add(hashes);
      try {
        return await work();
      } finally {
        kept.delete(hashes);
      }
    },

    pathOf(sha256) {
      const file = fileOf(sha256);
      if (!isHash(sha256) || !statSync(file, { throwIfNoEntry: false })?.isFile())
        throw missing(sha256);
      return file;
    },

    async has(sha256) {
      return (await sizeOf(sha256)) !== null;
    },

    async materialise(sha256, target, { verify = false } = {}) {
      if ((await sizeOf(sha256)) === null) throw missing(sha256);
      const folder = dirname(target);
      const temporary = join(folder, `.gauntlet-${randomUUID()}`);
      await translatingFileErrors(folder, async () => {
        try {
          await mkdir(folder, { recursive: true });
          // Shares the blocks where the file system can, and is still a file of its own.
          await copyFile(fileOf(sha256), temporary, constants.COPYFILE_FICLONE);
          if (verify && (await hashOf(temporary)) !== sha256) throw damaged(sha256);
          await chmod(temporary, 0o644);
          await rename(temporary, target);
        } finally {
          await rm(temporary, { force: true });
        }
      });
    },

    async remove(sha256) {
      if (!isHash(sha256)) return true;
      for (const hashes of kept) if (hashes.has(sha256)) return false;
      let removal = removals.get(sha256);
      if (!removal) {
        removal = removeFile(sha256).finally(() => removals.delete(sha256));
        removals.set(sha256, removal);
      }
      await removal;
      return true;
    },

    async *list() {
      for (const shard of await entriesOf(root)) {
        if (!/^[0-9a-f]{2}$/.test(shard)) continue;
        for (const name of await entriesOf(join(root, shard)))
          if (isHash(name) && name.startsWith(shard)) yield name;
      }
    },

    async sweepTemp() {
      const left = (await entriesOf(temporaryFolder)).filter((name) => !underWay.has(name));
      await translatingFileErrors(root, async () => {
        for (const name of left) await rm(join(temporaryFolder, name), { force: true });
      });
      return left.length;
    },
  };
}

function isHash(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

function missing(sha256: string): GauntletError {
  return new GauntletError("ARTIFACT_MISSING", `There is no artifact ${excerpt(sha256, 80)}.`);
}

function damaged(sha256: string): GauntletError {
  return new GauntletError(
    "ARTIFACT_DAMAGED",
    `The stored bytes of artifact ${sha256} are damaged.`,
  );
}

async function entriesOf(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).toSorted();
  } catch (error) {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  }
}

/** Opens a file for reading without following a link or waiting for a pipe's other end. */
async function openRegularFile(file: string): Promise<FileHandle> {
  try {
    // Asked first, for opening a device or a socket may do something.
    if (!(await lstat(file)).isFile()) throw refused(file, "is no regular file");
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
    // Windows knows neither of the last two.
    const handle = await open(file, O_RDONLY | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0));
    if ((await handle.stat()).isFile()) return handle;
    await handle.close();
    throw refused(file, "is no regular file");
  } catch (error) {
    if (!isErrno(error)) throw error;
    const what = error.code === "ENOENT" ? "is not there" : `cannot be read (${error.code})`;
    throw refused(file, what, error);
  }
}

function refused(file: string, what: string, cause?: unknown): GauntletError {
  return new GauntletError("ARTIFACT_REFUSED", `${excerpt(file, 200)} ${what}.`, { cause });
}

async function* chunksOf(source: FileHandle): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(chunkSize);
  for (;;) {
    const { bytesRead } = await source.read(buffer, 0, chunkSize, null);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  const handle = await open(file);
  try {
    for await (const chunk of chunksOf(handle)) hash.update(chunk);
  } finally {
    await handle.close();
  }
  return hash.digest("hex");
}

/** Writes a new read-only file and sees that it is on the disk. */
async function writeHashing(
  target: string,
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
): Promise<{ sha256: string; size: number }> {
  const hash = createHash("sha256");
  let size = 0;
  const file = await open(target, "wx", 0o600);
  try {
    for await (const chunk of chunks) {
      hash.update(chunk);
      size += chunk.length;
      await file.writeFile(chunk);
    }
    await file.chmod(0o444);
    await file.sync();
  } finally {
    await file.close();
  }
  return { sha256: hash.digest("hex"), size };
}

/** Renames within the store so that it survives a power cut. */
async function moveIntoPlace(temporary: string, target: string): Promise<void> {
  const shard = dirname(target);
  const made = await mkdir(shard, { recursive: true });
  await rename(temporary, target);
  await syncFolder(shard);
  if (made !== undefined) await syncFolder(dirname(shard));
}

async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open folders, and needs no sync of them.
  if (process.platform === "win32") return;
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
