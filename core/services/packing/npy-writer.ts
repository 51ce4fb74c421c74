import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { encodeNpyHeader, type NpyDtype } from "../../../shared/npy.ts";

/** Bytes that are collected before they are written and hashed. */
const blockSize = 4 * 1024 * 1024;

export type NpyWriter = {
  /** Appends the bytes of one row, which may be used again afterwards. */
  append(row: Uint8Array): Promise<void>;
  /** Ends the file on the disk. Returns the SHA-256 of all its bytes, in hexadecimal. */
  finish(): Promise<string>;
  /** Closes the file as it is. Does nothing after `finish`. */
  abandon(): Promise<void>;
};

/**
 * Writes a new `.npy` file of `shape` row by row, with a few megabytes in memory.
 * Throws the system's error, such as ENOSPC, and a plain one where rows are missing or too many.
 */
export async function createNpyWriter(
  path: string,
  dtype: NpyDtype,
  shape: readonly number[],
  rowBytes: number,
): Promise<NpyWriter> {
  const file: FileHandle = await open(path, "wx");
  const hash = createHash("sha256");
  const block = Buffer.alloc(Math.max(blockSize, rowBytes));
  let used = 0;
  let rows = 0;
  let isOpen = true;

  async function flush(): Promise<void> {
    const bytes = block.subarray(0, used);
    hash.update(bytes);
    for (let written = 0; written < bytes.length;)
      written += (await file.write(bytes, written)).bytesWritten;
    used = 0;
  }

  const header = encodeNpyHeader(dtype, shape);
  block.set(header);
  used = header.length;
  await flush();
  return {
    async append(row) {
      if (row.length !== rowBytes)
        throw new Error(`a row of ${row.length} bytes for ${path}, whose rows have ${rowBytes}`);
      if (used + row.length > block.length) await flush();
      block.set(row, used);
      used += row.length;
      rows++;
    },
    async finish() {
      if (rows !== shape[0]) throw new Error(`${path} got ${rows} rows of ${shape[0]}`);
      await flush();
      await file.sync();
      await file.close();
      isOpen = false;
      return hash.digest("hex");
    },
    async abandon() {
      if (isOpen) await file.close();
      isOpen = false;
    },
  };
}
