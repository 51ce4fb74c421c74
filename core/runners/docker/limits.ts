/** When a job has to be ended. */
import { stat } from "node:fs/promises";
import type { ExitRecord } from "../../domain/job.ts";
import { isErrno } from "../../platform/errno.ts";
import type { AttemptFiles, LaunchFile } from "./attempt.ts";

/** Why a job is ended before it ends itself. */
export type Reason = Exclude<ExitRecord["endedBy"], "itself" | "out-of-memory" | "place-lost">;

/**
 * Returns what looks once: a reason to end the job, if there is one. Log and metrics are signs of
 * life. Times are of the monotonic clock, begun at `ran` ms: how long the container ran before.
 */
export function createLimits(options: {
  files: AttemptFiles;
  launch: LaunchFile;
  ran: number;
  /** When it last wrote output, by performance.now(). */
  lastOutput(): number;
}): () => Promise<Reason | null> {
  const { files, launch, lastOutput } = options;
  const started = performance.now() - options.ran;
  // Whether it was silent while nobody looked is not known.
  let lastSign = performance.now();
  let size: number | null = null;
  return async () => {
    if ((await sizeOf(files.stop)) !== null) return "stopped";
    const now = performance.now();
    const next = (await sizeOf(files.metrics)) ?? 0;
    if (size !== null && next !== size) lastSign = now;
    size = next;
    lastSign = Math.max(lastSign, lastOutput());
    if (now - started >= launch.timeLimit) return "timed-out";
    return now - lastSign >= launch.silenceLimit ? "silent" : null;
  };
}

/** Null where there is no such file. */
async function sizeOf(file: string): Promise<number | null> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return null;
    throw error;
  }
}
