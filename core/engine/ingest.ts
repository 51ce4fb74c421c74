import type { Attempt } from "../domain/job-spec.ts";
import { type MetricPoint, parseMetricLine } from "../domain/metric-lines.ts";
import type { EngineStore, IngestPosition, ResourceSample } from "../domain/ports.ts";
import { openRegularFile } from "../platform/regular-file.ts";
import { join } from "node:path";

const chunkBytes = 1 << 20;
/** A longer line is no metric line; it is passed over without being held in memory. */
const lineLimitBytes = 1 << 20;
const newline = 0x0a;

/** Reads what a job added to `out/metrics.jsonl` and `resources.jsonl` since the last call. */
export async function ingestAttempt(
  store: EngineStore,
  attempt: Attempt,
  ended: boolean,
): Promise<void> {
  await ingestMetrics(store, attempt, ended);
  await ingestResources(store, attempt, ended);
}

async function ingestMetrics(store: EngineStore, attempt: Attempt, ended: boolean): Promise<void> {
  const file = "out/metrics.jsonl";
  await readLines(
    join(attempt.folder, "run", file),
    store.ingestPosition(attempt, file),
    ended,
    (lines, skipped, position) => {
      const points: MetricPoint[] = [];
      let badLines = skipped;
      for (const line of lines) {
        const parsed = parseMetricLine(line);
        if (parsed.bad) badLines++;
        for (const point of parsed.points) points.push(point);
      }
      store.appendMetrics(attempt, points, badLines, position);
    },
  );
}

async function ingestResources(
  store: EngineStore,
  attempt: Attempt,
  ended: boolean,
): Promise<void> {
  const file = "resources.jsonl";
  await readLines(
    join(attempt.folder, file),
    store.ingestPosition(attempt, file),
    ended,
    (lines, _skipped, position) =>
      // The supervisor is ours: a line that does not parse is half of one, cut by a full disk.
      store.appendResources(attempt, lines.flatMap(parseResourceLine), position),
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
 * lines.
 */
export async function readLines(
  path: string,
  position: IngestPosition,
  ended: boolean,
  commit: (lines: string[], skipped: number, position: IngestPosition) => void,
): Promise<void> {
  const file = await openRegularFile(path);
  if (!file) return;
  try {
    let { offset, skipping } = position;
    const buffer = Buffer.allocUnsafe(Math.max(chunkBytes, lineLimitBytes));
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
      if (bytesRead === 0) return;
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
          commit([], 0, { offset, skipping });
          continue;
        }
        text = chunk.subarray(end + 1, used);
        skipping = false;
      } else if (last === -1 && !isLastChunk) {
        skipping = true;
        skipped = 1;
        used = bytesRead;
        text = chunk.subarray(0, 0);
      }
      if (isLastChunk && ended && used < bytesRead && !skipping) {
        text = chunk.subarray(text.byteOffset - chunk.byteOffset, bytesRead);
        used = bytesRead;
      }
      if (used === 0) return;
      offset += used;
      const lines = text
        .toString("utf8")
        .split("\n")
        .filter((line) => line.trim() !== "");
      commit(lines, skipped, { offset, skipping });
      if (isLastChunk) return;
    }
  } finally {
    await file.close();
  }
}
