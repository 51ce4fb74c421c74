import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { createGunzip, createInflateRaw } from "node:zlib";
import { openRegularFile } from "../../platform/regular-file.ts";
import { damaged } from "./problems.ts";

/** Bytes read in turn from a file, or from what is compressed in it, never more than asked for. */
export type ByteStream = {
  /** Exactly `length` bytes. Throws DATASET_SOURCE_DAMAGED when it ends before. */
  take(length: number): Promise<Buffer>;
  /** Whether nothing is left. */
  isAtEnd(): Promise<boolean>;
  close(): void;
};

/** A piece of a file: bytes from `start` on, `length` of them, and how they are compressed. */
export type Piece = {
  file: string;
  start: number;
  length: number;
  compression: "none" | "gzip" | "deflate";
};

/** A whole file; gzip is told by its first bytes. */
export async function pieceOf(file: string): Promise<Piece> {
  const handle = await openRegularFile(file);
  if (!handle) throw damaged(file, "is not there");
  try {
    const start = Buffer.alloc(2);
    await handle.read(start, 0, 2, 0);
    const { size } = await handle.stat();
    const compression = start.readUInt16BE() === 0x1f8b ? "gzip" : "none";
    return { file, start: 0, length: size, compression };
  } finally {
    await handle.close();
  }
}

/** Opens a piece to be read from its beginning. Whoever opens it closes it. */
export function openStream({ file, start, length, compression }: Piece): ByteStream {
  if (length === 0) return streamOf(file, [], () => undefined);
  const raw = createReadStream(file, { start, end: start + length - 1, highWaterMark: 256 * 1024 });
  if (compression === "none") return streamOf(file, raw, () => raw.destroy());
  const inflated: Readable & NodeJS.WritableStream =
    compression === "gzip" ? createGunzip() : createInflateRaw();
  raw.on("error", (error) => inflated.destroy(error));
  raw.pipe(inflated);
  return streamOf(file, inflated, () => {
    raw.destroy();
    inflated.destroy();
  });
}

function streamOf(
  file: string,
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
  close: () => void,
): ByteStream {
  const iterator =
    Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
  let rest: Buffer = Buffer.alloc(0);

  /** Whether there was one more. */
  async function more(): Promise<boolean> {
    try {
      const next = await iterator.next();
      if (next.done) return false;
      rest = next.value;
      return true;
    } catch (cause) {
      throw damaged(file, "is cut off or damaged", cause);
    }
  }

  return {
    async take(length) {
      if (rest.length >= length) {
        const taken = rest.subarray(0, length);
        rest = rest.subarray(length);
        return taken;
      }
      // Collected first: what a header claims is not allocated before that much is there.
      const parts = [rest];
      let missing = length - rest.length;
      rest = Buffer.alloc(0);
      while (missing > 0) {
        if (!(await more())) throw damaged(file, `is cut off: ${missing} bytes are missing`);
        const part = rest.subarray(0, missing);
        rest = rest.subarray(part.length);
        parts.push(part);
        missing -= part.length;
      }
      return Buffer.concat(parts, length);
    },
    async isAtEnd() {
      while (rest.length === 0) if (!(await more())) return true;
      return false;
    },
    close,
  };
}

/** Rows of equal size after a head of `skip` bytes, one at a time. */
export async function* rowsOf(
  piece: Piece,
  skip: number,
  count: number,
  rowBytes: number,
): AsyncGenerator<Buffer, void> {
  const stream = openStream(piece);
  try {
    await skipBytes(stream, skip);
    for (let row = 0; row < count; row++) yield await stream.take(rowBytes);
  } finally {
    stream.close();
  }
}

async function skipBytes(stream: ByteStream, length: number): Promise<void> {
  const step = 1024 * 1024;
  for (let left = length; left > 0; left -= step) await stream.take(Math.min(left, step));
}
