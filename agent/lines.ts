/** Lines of files that nobody vouches for. */
import { open } from "node:fs/promises";

/** Bytes; a sample record takes some 500, more with the text of an error. */
const longestLine = 64 * 1024;
const newline = 0x0a;

/**
 * The lines of a file in order, in constant memory; null stands for a line that is too long to be
 * a record (it is passed over, not kept). A last line without a newline counts: the file is finished.
 */
export async function* readLines(path: string): AsyncGenerator<string | null> {
  const file = await open(path, "r");
  try {
    // A pipe or a device in the file's place might never end.
    if (!(await file.stat()).isFile()) throw new Error(`${path} is not a regular file.`);
    const chunk = Buffer.allocUnsafe(256 * 1024);
    let line = new LineBuffer();
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length);
      if (bytesRead === 0) break;
      const bytes = chunk.subarray(0, bytesRead);
      let start = 0;
      for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
        line.add(bytes.subarray(start, end));
        yield line.text();
        line = new LineBuffer();
        start = end + 1;
      }
      line.add(bytes.subarray(start));
    }
    if (!line.isEmpty()) yield line.text();
  } finally {
    await file.close();
  }
}

/** Collects the bytes of one line until they are too many. */
class LineBuffer {
  #parts: Buffer[] = [];
  #length = 0;

  add(bytes: Buffer): void {
    this.#length += bytes.length;
    // Copied: the chunk is read into again.
    if (this.#length > longestLine) this.#parts = [];
    else if (bytes.length > 0) this.#parts.push(Buffer.from(bytes));
  }

  isEmpty(): boolean {
    return this.#length === 0;
  }

  text(): string | null {
    if (this.#length > longestLine) return null;
    return Buffer.concat(this.#parts).toString("utf8");
  }
}
