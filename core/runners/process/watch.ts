/** Stands by a running job until it and all its children are gone. */
import { statSync } from "node:fs";
import type { ExitRecord } from "../../domain/job.ts";
import { isErrno } from "../../platform/errno.ts";
import { groupExists, listProcesses, signalGroup } from "../../platform/process-identity.ts";
import type { AttemptFiles } from "./attempt-files.ts";
import { findJobProcesses, killJobProcesses, type JobProcesses } from "./job-processes.ts";
import type { JobEnd, StartedJob } from "./job.ts";
import type { LaunchFile } from "./records.ts";

/** Longest wait between two looks at stop.json and metrics.jsonl, ms. */
const lookInterval = 500;
/** Wait between two looks whether those that were asked to end have ended, ms. */
const endInterval = 50;

/**
 * Why the supervisor ends a job. `terminated`: somebody outside Gauntlet ended the supervisor, as
 * the system does when it shuts down, or removed the attempt's folder.
 */
export type Reason = Exclude<ExitRecord["endedBy"], "itself" | "place-lost"> | "terminated";

export type Watched = {
  files: AttemptFiles;
  launch: LaunchFile;
  job: StartedJob;
  processes: JobProcesses;
  /** Rings when anything may have changed. */
  alarm: Alarm;
  /** When the job last wrote output, by performance.now(). */
  lastOutput(): number;
  terminated(): boolean;
  outOfMemory(): boolean;
  /** Called at every look, for work that may have to be tried again. */
  onLook(): void;
};

/**
 * Resolves once the main process has ended and no member of its group lives any more. A job is first
 * asked (SIGTERM to its group) and killed after its grace; one that takes too much memory is killed
 * at once. All times are of the monotonic clock: setting the wall clock changes no limit.
 */
export async function watchJob(watched: Watched): Promise<JobEnd & { reason: Reason | null }> {
  const { launch, job, processes, alarm } = watched;
  const nextReason = createLimits(watched);
  const main: { end: JobEnd | null } = { end: null };
  void job.ended.then((end) => {
    main.end = end;
    alarm.ring();
  });
  let reason: Reason | null = null;
  let killAt = Infinity;
  let killed = false;
  while (main.end === null) {
    watched.onLook();
    let wait = lookInterval;
    if (reason === null) {
      const look = nextReason();
      reason = look.reason;
      wait = Math.min(wait, look.wait);
      if (reason !== null) {
        killAt = performance.now() + (reason === "out-of-memory" ? 0 : launch.grace);
        if (reason !== "out-of-memory") askToEnd(job.pid);
      }
    }
    const left = killAt - performance.now();
    if (left <= 0 && !killed) {
      killed = true;
      await killJobProcesses(processes);
      continue;
    }
    await alarm.nap(Math.max(1, killed ? wait : Math.min(wait, left)));
  }
  // A wrapper such as `sh -c` dies of the request at once, while the program in it still saves its
  // checkpoint: it has the whole grace. Without a request nothing has any business to go on.
  if (reason !== null && !killed) {
    while (performance.now() < killAt) {
      if (findJobProcesses(processes, await listProcesses(), false).length === 0) break;
      await alarm.nap(endInterval);
    }
  }
  // Looking through all processes costs more than a short job; the group can be asked for nothing.
  if (reason !== null || groupExists(job.pid)) await killJobProcesses(processes);
  return { ...main.end, reason };
}

function askToEnd(group: number): void {
  signalGroup(group, "SIGTERM");
  // A paused program would hear it only once it goes on.
  signalGroup(group, "SIGCONT");
}

/** Returns what looks once: the reason to end the job, if any, and how long it holds at least. */
function createLimits(watched: Watched): () => { reason: Reason | null; wait: number } {
  const { launch, files } = watched;
  const started = performance.now();
  let lastSign = started;
  let metricsSize = sizeOf(files.metrics);
  return () => {
    if (isThere(files.stop)) return { reason: "stopped", wait: 0 };
    // Without its folder nobody could find this job again, nor keep anything of it.
    if (watched.terminated() || !isThere(files.supervisor)) {
      return { reason: "terminated", wait: 0 };
    }
    if (watched.outOfMemory()) return { reason: "out-of-memory", wait: 0 };
    const now = performance.now();
    const size = sizeOf(files.metrics);
    if (size !== metricsSize) lastSign = now;
    metricsSize = size;
    lastSign = Math.max(lastSign, watched.lastOutput());
    const timeLeft = started + launch.timeLimit - now;
    if (timeLeft <= 0) return { reason: "timed-out", wait: 0 };
    const silenceLeft = lastSign + launch.silenceLimit - now;
    if (silenceLeft <= 0) return { reason: "silent", wait: 0 };
    return { reason: null, wait: Math.min(timeLeft, silenceLeft) };
  };
}

/** False only when the system says that there is no such file: an unreachable disk is no answer. */
export function isThere(file: string): boolean {
  try {
    statSync(file);
    return true;
  } catch (error) {
    if (isErrno(error)) return error.code !== "ENOENT" && error.code !== "ENOTDIR";
    throw error;
  }
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch (error) {
    if (isErrno(error)) return 0;
    throw error;
  }
}

/** A sleep that anyone can end early. */
export type Alarm = {
  /** Sleeps for some milliseconds, or until the next ring(). */
  nap(milliseconds: number): Promise<void>;
  ring(): void;
};

export function createAlarm(): Alarm {
  let rung = false;
  let end: (() => void) | null = null;
  return {
    nap(milliseconds) {
      return new Promise((resolve) => {
        const finish = (): void => {
          clearTimeout(timer);
          end = null;
          rung = false;
          resolve();
        };
        const timer = setTimeout(finish, milliseconds);
        end = finish;
        // What rang while nobody slept must not be slept over.
        if (rung) finish();
      });
    },
    ring() {
      rung = true;
      end?.();
    },
  };
}
