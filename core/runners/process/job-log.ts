/** The log of a job: append-only, bounded, and never a reason for the supervisor to fail. */
import { closeSync, openSync, writeSync } from "node:fs";
import { isErrno } from "../../platform/errno.ts";

/** Bytes of output kept from the end, when not all is kept. */
export const tailLength = 64 * 1024;

const retryDelay = 1000;

export type JobLog = {
  /** Appends, synchronously: a job that writes faster than the disk waits in its own write. */
  write(chunk: Buffer): void;
  /** Writes what is kept of the end and closes. Returns the number of bytes that were left out. */
  end(): number;
};

/**
 * Opens a log that keeps the first `limit` bytes and the last 64 KiB, with a line between them that
 * says how much was left out. Bytes that the disk refuses are left out in the same way; writing is
 * tried again a second later, and the line then stands where they are missing.
 */
export function openJobLog(file: string, limit: number): JobLog {
  let handle: number | null = null;
  let kept = 0;
  let dropped = 0;
  let endsLine = true;
  let trouble: string | null = null;
  let retryAt = 0;
  /** Bytes that came since writing stopped, and the last of them. */
  let held = 0;
  let tail: Buffer[] = [];
  let tailBytes = 0;

  /** Writes as much as the disk takes. Returns how much that was. */
  function append(bytes: Buffer): number {
    let at = 0;
    try {
      handle ??= openSync(file, "a", 0o600);
      while (at < bytes.length) at += writeSync(handle, bytes, at);
    } catch (error) {
      if (!isErrno(error)) throw error;
      trouble = error.code;
      retryAt = performance.now() + retryDelay;
    }
    if (at > 0) endsLine = bytes[at - 1] === 10;
    return at;
  }

  function hold(bytes: Buffer): void {
    held += bytes.length;
    tail.push(bytes);
    tailBytes += bytes.length;
    for (let first = tail[0]; first && tailBytes - first.length >= tailLength; first = tail[0]) {
      tail.shift();
      tailBytes -= first.length;
    }
  }

  function writeTail(): void {
    const ending = fromLineStart(Buffer.concat(tail), held);
    const missing = held - ending.length;
    const why = trouble ?? `the log's limit is ${String(limit)} bytes`;
    const notice = `[gauntlet] ${String(missing)} bytes of output are left out here (${why})\n`;
    const text = missing === 0 ? "" : `${endsLine ? "" : "\n"}${notice}`;
    const bytes = Buffer.concat([Buffer.from(text), ending]);
    if (append(bytes) < bytes.length) return;
    kept += ending.length;
    dropped += missing;
    held = 0;
    tail = [];
    tailBytes = 0;
    trouble = null;
  }

  return {
    write(chunk) {
      if (held > 0) {
        hold(chunk);
        if (kept < limit && performance.now() >= retryAt) writeTail();
        return;
      }
      const written = append(chunk.subarray(0, limit - kept));
      kept += written;
      if (written < chunk.length) hold(chunk.subarray(written));
    },
    end() {
      // An empty log is made too, so that a reader finds one whatever the job wrote.
      if (handle === null) append(Buffer.alloc(0));
      if (held > 0) writeTail();
      try {
        if (handle !== null) closeSync(handle);
      } catch (error) {
        // A disk that fails as late as here has already been written to; the job is not at fault.
        if (!isErrno(error)) throw error;
      }
      return dropped + held;
    },
  };
}

/** The last bytes of `held`, beginning with a whole line where there is one. */
function fromLineStart(bytes: Buffer, held: number): Buffer {
  if (bytes.length === held && held <= tailLength) return bytes;
  const last = bytes.subarray(-tailLength);
  const newline = last.indexOf(10);
  return newline === -1 || newline === last.length - 1 ? last : last.subarray(newline + 1);
}
