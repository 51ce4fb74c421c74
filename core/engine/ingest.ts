import { setImmediate } from "node:timers/promises";
import type { Attempt } from "../domain/job-spec.ts";
import { addMetricLine, createMetricBatch } from "../domain/metric-lines.ts";
import type { EngineStore, IngestPosition, ResourceSample } from "../domain/ports.ts";
import { openRegularFile } from "../platform/regular-file.ts";
import { join } from "node:path";

/** Bytes read and parsed at once, which holds the event loop for some milliseconds. */
const chunkBytes = 1 << 18;
/** A longer line is no metric line; it is passed over without being held in memory. */
const lineLimitBytes = 1 << 20;
/**
 * Bytes that become one transaction. Many chunks are, since what a transaction costs goes by the
 * series it touches, and a thousand series are touched by any chunk.
 */
const commitBytes = 12 * chunkBytes;
/** Series from which on a transaction is large enough with fewer bytes. */
const commitSeries = 2000;
const newline = 0x0a;

/**
 * Reads what a job added to `out/metrics.jsonl` and `resources.jsonl` since the last call, until
 * about the time `until`. Returns whether it came to the end of both.
 */
export async function ingestAttempt(
  store: EngineStore,
  attempt: Attempt,
  ended: boolean,
  until: number,
): Promise<boolean> {
  const all = [
    await ingestMetrics(store, attempt, ended, until),
    await ingestResources(store, attempt, ended, until),
  ];
  return all.every(Boolean);
}

async function ingestMetrics(
  store: EngineStore,
  attempt: Attempt,
  ended: boolean,
  until: number,
): Promise<boolean> {
  const file = "out/metrics.jsonl";
  const start = store.ingestPosition(attempt, file);
  let batch = createMetricBatch();
  let committed = start;
  let read = start;
  async function commit(): Promise<void> {
    if (read === committed) return;
    store.appendMetrics(attempt, batch, read);
    batch = createMetricBatch();
    committed = read;
    await pack();
  }
  async function pack(): Promise<void> {
    do await setImmediate();
    while (store.packMetrics(attempt));
  }
  const isAtEnd = await readLines(
    join(attempt.folder, "run", file),
    start,
    ended,
    async (lines, skipped, position) => {
      batch.badLines += skipped;
      for (const line of lines) addMetricLine(batch, line);
      read = position;
      const bytes = read.offset - committed.offset;
      if (bytes >= commitBytes || batch.series.size >= commitSeries) await commit();
    },
    until,
  );
  await commit();
  if (ended) await pack(); // what a crash may have left
  return isAtEnd;
}

function ingestResources(
  store: EngineStore,
  attempt: Attempt,
  ended: boolean,
  until: number,
): Promise<boolean> {
  const file = "resources.jsonl";
  return readLines(
    join(attempt.folder, file),
    store.ingestPosition(attempt, file),
    ended,
    (lines, _skipped, position) =>
      // The supervisor is ours: a line that does not parse is half of one, cut by a full disk.
      store.appendResources(attempt, lines.flatMap(parseResourceLine), position),
    until,
  );
}

function parseResourceLine(line: string): ResourceSample[] {
  try {
    return [JSON.parse(line) as ResourceSample];
  } catch {
    return [];
  }
}

/**
 * Calls `commit` for each chunk of whole lines from `position` on, with how many over-long lines
 * ended in it and the position behind it. The last half line is left until its newline comes, or,
 * when the writer has `ended`, is taken as it is. What is not there, or is no regular file, has no
 * lines. Ends after the chunk in which it becomes `until` (by performance.now()), for a writer may
 * be as fast as the reader. Returns whether it came to the end.
 */
export async function readLines(
  path: string,
  position: IngestPosition,
  ended: boolean,
  commit: (lines: string[], skipped: number, position: IngestPosition) => void | Promise<void>,
  until = Infinity,
): Promise<boolean> {
  const file = await openRegularFile(path);
  if (!file) return true;
  try {
    let { offset, skipping } = position;
    const { size } = await file.stat();
    if (size <= offset) return true; // the usual look at a file that did not grow takes no memory
    let buffer = Buffer.allocUnsafe(Math.min(chunkBytes, size - offset + 1));
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
      if (bytesRead === 0) return true;
      const chunk = buffer.subarray(0, bytesRead);
      const last = chunk.lastIndexOf(newline);
      const isLastChunk = bytesRead < buffer.length;
      let used = last + 1;
      let skipped = 0;
      let text = chunk.subarray(0, used);
      if (skipping) {
        const end = chunk.indexOf(newline);
        if (end === -1) {
          // Still inside the over-long line.
          offset += bytesRead;
          await commit([], 0, { offset, skipping });
          if (performance.now() >= until) return false;
          continue;
        }
        text = chunk.subarray(end + 1, used);
        skipping = false;
      } else if (last === -1 && !isLastChunk) {
        if (buffer.length < lineLimitBytes) {
          buffer = Buffer.allocUnsafe(lineLimitBytes);
          continue;
        }
        skipping = true;
        skipped = 1;
        used = bytesRead;
        text = chunk.subarray(0, 0);
      }
      if (isLastChunk && ended && used < bytesRead && !skipping) {
        text = chunk.subarray(text.byteOffset - chunk.byteOffset, bytesRead);
        used = bytesRead;
      }
      if (used === 0) return true;
      offset += used;
      const lines = text
        .toString("utf8")
        .split("\n")
        .filter((line) => line.trim() !== "");
      await commit(lines, skipped, { offset, skipping });
      if (isLastChunk) return true;
      if (performance.now() >= until) return false;
      buffer = buffer.subarray(0, chunkBytes); // after a long line, small pieces again
    }
  } finally {
    await file.close();
  }
}
