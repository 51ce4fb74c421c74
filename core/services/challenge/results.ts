/** What an attack's container left for an image. It is the work of a stranger: anything may be there. */
import { constants } from "node:fs";
import { chmod, type FileHandle, lstat, open, opendir, rm } from "node:fs/promises";
import { join } from "node:path";
import { NpyError, parseNpyHeader } from "../../../shared/npy.ts";
import { isErrno } from "../../platform/errno.ts";
import type { ByteImage } from "./protocol.ts";

/** Why a result counts as nothing. */
export type Refusal = "nothing" | "no-file" | "no-array" | "wrong-type" | "wrong-shape";

/** Bytes of a .npy file before its data; NumPy writes 128. */
const headerRoom = 64 * 1024;

/**
 * Reads `NAME.npy`: uint8 of the image's own shape. Links are not followed, pipes not waited for, and no
 * more is read than such an array has. `np.save(path, None)`, the challenge's way to say that nothing
 * was found, is `nothing`, as no file is.
 */
export async function readResult(
  folder: string,
  name: string,
  { shape, data: { length } }: ByteImage,
): Promise<{ data: Uint8Array } | { refusal: Refusal }> {
  const file = await openPlain(join(folder, `${name}.npy`));
  if (typeof file === "string") return { refusal: file };
  try {
    const { size } = await file.stat();
    const bytes = Buffer.alloc(Math.min(size, headerRoom + length));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    return checkArray(bytes.subarray(0, bytesRead), size, shape);
  } finally {
    await file.close();
  }
}

function checkArray(
  bytes: Uint8Array,
  size: number,
  shape: readonly number[],
): { data: Uint8Array } | { refusal: Refusal } {
  try {
    const header = parseNpyHeader(bytes);
    if (header.dtype !== "|u1") return { refusal: "wrong-type" };
    if (header.shape.length !== shape.length || header.shape.some((n, axis) => n !== shape[axis]))
      return { refusal: "wrong-shape" };
    // What was longer was cut off, and so is told by its size.
    if (size !== header.dataOffset + header.byteLength) return { refusal: "no-array" };
    return { data: Uint8Array.from(bytes.subarray(header.dataOffset)) };
  } catch (error) {
    if (!(error instanceof NpyError)) throw error;
    return { refusal: isNone(bytes) ? "nothing" : "no-array" };
  }
}

/** Whether a file begins as an array of one Python object does; what it is, only Python would tell. */
function isNone(bytes: Uint8Array): boolean {
  const header = Buffer.from(bytes.subarray(0, 128)).toString("latin1");
  return /'descr': '\|O'.*'shape': \(\)/.test(header);
}

/** The file, or why there is none to read. */
async function openPlain(path: string): Promise<FileHandle | "nothing" | "no-file"> {
  try {
    // Asked first, for opening a device may do something; opening follows no link put there since.
    if (!(await lstat(path)).isFile()) return "no-file";
    const file = await open(
      path,
      constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
    );
    if ((await file.stat()).isFile()) return file;
    await file.close();
    return "no-file";
  } catch (error) {
    if (isErrno(error, "ENOENT")) return "nothing";
    if (isErrno(error)) return "no-file";
    throw error;
  }
}

/**
 * Whether there is more below a folder than so many bytes or files; links count as themselves. What
 * vanishes meanwhile, or cannot be looked into, is passed over.
 */
export async function isOver(
  folder: string,
  most: { bytes: number; files: number },
): Promise<boolean> {
  let bytes = 0;
  let files = 0;
  const pending = [folder];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    // Entry by entry: a list of all that a stranger has made may not fit into memory.
    const entries = await opendir(next).catch(() => null);
    if (!entries) continue;
    for await (const entry of entries) {
      files++;
      const path = join(next, entry.name);
      if (entry.isDirectory()) pending.push(path);
      else bytes += (await lstat(path).catch(() => null))?.size ?? 0;
      if (bytes > most.bytes || files > most.files) return true;
    }
  }
  return false;
}

/** Removes a folder in which a stranger may have taken rights away from its owner. */
export async function removeStrange(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch (error) {
    if (!isErrno(error, "EACCES") && !isErrno(error, "ENOTEMPTY")) throw error;
    const pending = [folder];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      await chmod(next, 0o700);
      for await (const entry of await opendir(next))
        if (entry.isDirectory()) pending.push(join(next, entry.name));
    }
    await rm(folder, { recursive: true, force: true });
  }
}
