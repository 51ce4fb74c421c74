/** When a job has to be ended. */
import { stat } from "node:fs/promises";
import type { ExitRecord } from "../../domain/job.ts";
import { isErrno } from "../../platform/errno.ts";
import type { AttemptFiles, LaunchFile } from "./attempt.ts";

/** Why a job is ended before it ends itself. */
export type Reason = Exclude<ExitRecord["endedBy"], "itself" | "out-of-memory" | "place-lost">;

/** What began less than this before its watch has written nothing that is old, ms. */
const fresh = 1000;

export type Output = {
  /** When some last arrived here, by performance.now(); null before the first. */
  arrived(): number | null;
  /** When the engine took the newest, ms since 1970; null where there is none. */
  written(): Promise<number | null>;
};

/**
 * Returns what looks once: a reason to end the job, if there is one. Log and metrics are signs of
 * life. Times are of the monotonic clock, begun `ran` ms ago: how long the container ran before.
 *
 * A limit may have passed while nobody watched. So the first look asks how old the newest sign is;
 * and while the log is read from its beginning, what arrives now may have been written long ago, so
 * that the engine is asked when, until something is newer than this watch.
 */
export function createLimits(options: {
  files: Pick<AttemptFiles, "stop" | "metrics">;
  launch: Pick<LaunchFile, "timeLimit" | "silenceLimit">;
  ran: number;
  output: Output;
}): () => Promise<Reason | null> {
  const { files, launch, output, ran } = options;
  const watched = performance.now();
  const started = watched - ran;
  let lastSign = started;
  let readsOld = ran > fresh;
  let isFirst = true;
  let size = 0;
  let seen: number | null = null;

  /** A time of the wall clock by performance.now(); nothing is newer than now. */
  const monotonic = (time: number) => performance.now() - Math.max(0, Date.now() - time);
  const noteSign = (at: number) => (lastSign = Math.max(lastSign, at));

  async function lookAtMetrics(): Promise<void> {
    const metrics = await statOf(files.metrics);
    const next = metrics?.size ?? 0;
    if (next !== size)
      noteSign(isFirst && metrics ? monotonic(metrics.mtimeMs) : performance.now());
    size = next;
  }

  async function lookAtOutput(): Promise<void> {
    const arrived = output.arrived();
    const isNews = arrived !== null && arrived !== seen;
    seen = arrived;
    if (readsOld && (isFirst || isNews)) {
      const written = await output.written();
      if (written === null) return;
      noteSign(monotonic(written));
      readsOld = lastSign < watched;
    } else if (isNews) noteSign(arrived);
  }

  return async () => {
    if ((await statOf(files.stop)) !== null) return "stopped";
    await lookAtMetrics();
    await lookAtOutput();
    isFirst = false;
    const now = performance.now();
    if (now - started >= launch.timeLimit) return "timed-out";
    return now - lastSign >= launch.silenceLimit ? "silent" : null;
  };
}

/**
 * Whether a job that ended at a time, ms since 1970, had been asked to stop by then: an earlier watch
 * may have passed that on before it was cut off.
 */
export async function wasStoppedBefore(
  files: Pick<AttemptFiles, "stop">,
  end: number,
): Promise<boolean> {
  const asked = await statOf(files.stop);
  return asked !== null && asked.mtimeMs <= end;
}

/** Null where there is no such file. */
async function statOf(file: string): Promise<{ size: number; mtimeMs: number } | null> {
  try {
    return await stat(file);
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return null;
    throw error;
  }
}
