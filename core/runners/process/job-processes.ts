/** Which processes belong to a job, and how to end all of them. */
import { setTimeout as sleep } from "node:timers/promises";
import {
  descendantsOf,
  listProcesses,
  signalGroup,
  signalProcess,
  startedWith,
  type ProcessEntry,
  type ProcessIdentity,
} from "../../platform/process-identity.ts";
import { runFolderVariable } from "./attempt-files.ts";

export type JobProcesses = {
  runFolder: string;
  /** The job's main process; null when it is not known whether there was one. */
  leader: ProcessIdentity | null;
  /** Processes seen before, by pid: they still belong to the job after leaving its tree. */
  seen: Map<number, string>;
  /**
   * Whether a group without its leader is certainly the job's. Only who has watched the leader
   * knows that; later its number may have gone to another program's group.
   */
  watched: boolean;
};

/**
 * The job's live processes: its main process, its process group and session, everything below
 * them, everything that was seen before; with `thorough` also every process that carries the run
 * folder in its environment (Linux), which finds daemons that left both group and parent.
 */
export function findJobProcesses(
  job: JobProcesses,
  all: readonly ProcessEntry[],
  thorough: boolean,
): ProcessEntry[] {
  const { leader } = job;
  const holder = leader && all.find((entry) => entry.pid === leader.pid);
  const groupIsOurs = holder ? holder.start === leader.start : job.watched;
  const belongs = (entry: ProcessEntry): boolean => {
    if (job.seen.get(entry.pid) === entry.start) return true;
    if (leader && groupIsOurs && (entry.group === leader.pid || entry.session === leader.pid)) {
      return true;
    }
    return thorough && startedWith(entry.pid, runFolderVariable, job.runFolder);
  };
  const roots = all.filter((entry) => entry.pid !== process.pid && belongs(entry));
  const below = descendantsOf(
    roots.map((entry) => entry.pid),
    all,
  );
  const found = [...roots, ...below].filter((entry) => entry.pid !== process.pid);
  for (const entry of found) job.seen.set(entry.pid, entry.start);
  return found;
}

/** Milliseconds between looking whether everything is gone; the sum is how long it is tried. */
const pauses = [2, 5, 10, 20, 50, ...Array.from({ length: 50 }, () => 100)];

/**
 * Kills all of a job's processes and waits until they are gone, again and again, because a process
 * may start another while it is being killed. Returns those that do not go, as one that waits for a
 * broken disk does.
 */
export async function killJobProcesses(job: JobProcesses): Promise<ProcessEntry[]> {
  let live: ProcessEntry[] = [];
  for (const pause of pauses) {
    live = findJobProcesses(job, await listProcesses(), true);
    if (live.length === 0) return live;
    const { leader } = job;
    if (leader && live.some((entry) => entry.group === leader.pid)) {
      signalGroup(leader.pid, "SIGKILL");
    }
    for (const entry of live) signalProcess(entry.pid, "SIGKILL");
    await sleep(pause);
  }
  return live;
}
