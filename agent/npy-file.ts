/** Rows of `.npy` files that may be larger than memory: read and written at their offsets. */
import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";
import type { NpyHeader } from "../shared/npy.ts";
import {
  bytesOf,
  bytesPerElement,
  encodeNpyHeader,
  NpyError,
  parseNpyHeader,
} from "../shared/npy.ts";

/** Longer than any header that is read. */
const headerBytes = 66_000;

/** A file whose first axis counts rows. */
export class NpyFileReader {
  readonly header: NpyHeader;
  /** Number of values in one row. */
  readonly rowSize: number;
  readonly #file: FileHandle;

  private constructor(file: FileHandle, header: NpyHeader) {
    this.#file = file;
    this.header = header;
    this.rowSize = header.shape.slice(1).reduce((product, size) => product * size, 1);
  }

  /**
   * Opens the file and checks its header against the bytes that are really there.
   * @throws NpyError when it is no such array, and what `open` throws when there is none
   */
  static async open(path: string): Promise<NpyFileReader> {
    const file = await open(path, "r");
    try {
      const { size } = await regularFile(file);
      const start = Buffer.alloc(Math.min(size, headerBytes));
      await readFully(file, start, 0);
      const header = parseNpyHeader(start);
      if (header.shape.length === 0) throw new NpyError("The .npy array has no rows.");
      if (size !== header.dataOffset + header.byteLength) {
        const there = size - header.dataOffset;
        throw new NpyError(
          `The .npy header claims ${header.byteLength} bytes of data, ${there} are there.`,
        );
      }
      return new NpyFileReader(file, header);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** The bytes of `count` rows from row `from` on, in memory of their own (so they are aligned). */
  async readRowBytes(from: number, count: number): Promise<Uint8Array> {
    const rowBytes = this.rowSize * bytesPerElement(this.header.dtype);
    const bytes = new Uint8Array(count * rowBytes);
    await readFully(this.#file, bytes, this.header.dataOffset + from * rowBytes);
    return bytes;
  }

  /** Rows of a float32 array; the caller has checked the type. */
  async readFloat32Rows(from: number, count: number): Promise<Float32Array> {
    return new Float32Array((await this.readRowBytes(from, count)).buffer);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

async function regularFile(file: FileHandle) {
  const stat = await file.stat();
  if (!stat.isFile()) throw new NpyError("This is not a regular file.");
  return stat;
}

async function readFully(file: FileHandle, target: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < target.length) {
    const { bytesRead } = await file.read(target, done, target.length - done, position + done);
    if (bytesRead === 0) throw new NpyError("The .npy file ended while it was read.");
    done += bytesRead;
  }
}

/** Writes a float32 array of a known shape row by row. */
export class NpyFileWriter {
  readonly #file: FileHandle;
  readonly #dataOffset: number;
  readonly #rowSize: number;

  private constructor(file: FileHandle, dataOffset: number, rowSize: number) {
    this.#file = file;
    this.#dataOffset = dataOffset;
    this.#rowSize = rowSize;
  }

  /** Makes or replaces the file. Rows never written read as zeros. */
  static async create(path: string, rows: number, shape: number[]): Promise<NpyFileWriter> {
    const header = encodeNpyHeader("<f4", [rows, ...shape]);
    const rowSize = shape.reduce((product, size) => product * size, 1);
    const file = await open(path, "w");
    await file.write(header, 0, header.length, 0);
    await file.truncate(header.length + rows * rowSize * 4);
    return new NpyFileWriter(file, header.length, rowSize);
  }

  /** Writes whole rows from row `from` on. */
  async writeRows(from: number, rows: Float32Array): Promise<void> {
    const bytes = bytesOf(rows);
    const position = this.#dataOffset + from * this.#rowSize * 4;
    let done = 0;
    while (done < bytes.length) {
      const left = bytes.length - done;
      done += (await this.#file.write(bytes, done, left, position + done)).bytesWritten;
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
