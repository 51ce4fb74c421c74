/**
 * Which process is which. A pid alone says little: it is given again to another process as soon as
 * its owner is gone. A pid with its start time names one process for good.
 *
 * Linux is read from /proc. macOS and other Unixes ask `ps`. Windows is untried: there a process is
 * known by its pid alone, nothing can be listed, and a group is ended with taskkill.
 */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { isErrno } from "./errno.ts";

/** `start` is opaque: equal for the same process, different after a reboot. */
export type ProcessIdentity = { pid: number; start: string };

export type ProcessEntry = ProcessIdentity & {
  parent: number;
  group: number;
  session: number;
  /** Grows with the start time, within one boot. */
  order: number;
  /** CPU time of the process, and of its children that have ended, seconds; null outside Linux. */
  cpuSeconds: number | null;
  childCpuSeconds: number | null;
};

/** Every live process that may be seen, without zombies. Empty on Windows. */
export async function listProcesses(): Promise<ProcessEntry[]> {
  if (process.platform === "linux") return listFromProc();
  if (process.platform === "win32") return [];
  return listFromPs();
}

/** Who has this pid now, a zombie included; null when nobody has. */
export async function identityOf(pid: number): Promise<ProcessIdentity | null> {
  if (process.platform === "win32") return answers(pid) ? { pid, start: "unknown" } : null;
  const entry = await entryOf(pid);
  return entry && { pid, start: entry.start };
}

/** What is known of the process that has this pid now; null when nobody has, and on Windows. */
export async function entryOf(pid: number): Promise<ProcessEntry | null> {
  if (process.platform === "linux") return readStat(pid)?.entry ?? null;
  if (process.platform === "win32") return null;
  const [line] = await askPs(["-p", String(pid)]);
  return line?.entry ?? null;
}

/** Whether that very process still lives. A zombie does not. */
export async function isSameProcess(identity: ProcessIdentity): Promise<boolean> {
  if (process.platform === "linux") {
    const stat = readStat(identity.pid);
    return stat !== null && !stat.zombie && stat.entry.start === identity.start;
  }
  if (process.platform === "win32") return answers(identity.pid);
  const [line] = await askPs(["-p", String(identity.pid)]);
  return line !== undefined && !line.zombie && line.entry.start === identity.start;
}

/** Children of `roots`, their children and so on; the roots themselves are left out. */
export function descendantsOf(
  roots: Iterable<number>,
  all: readonly ProcessEntry[],
): ProcessEntry[] {
  const childrenOf = new Map<number, ProcessEntry[]>();
  for (const entry of all) {
    const siblings = childrenOf.get(entry.parent);
    if (siblings) siblings.push(entry);
    else childrenOf.set(entry.parent, [entry]);
  }
  const seen = new Set(roots);
  const open = [...seen];
  const found: ProcessEntry[] = [];
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    for (const child of childrenOf.get(pid) ?? []) {
      if (seen.has(child.pid)) continue;
      seen.add(child.pid);
      found.push(child);
      open.push(child.pid);
    }
  }
  return found;
}

/** Sends a signal to one process; false when it is gone or belongs to another user. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

/** Sends a signal to every member of a process group at once; false when there is none. */
export function signalGroup(group: number, signal: NodeJS.Signals): boolean {
  if (process.platform !== "win32") return signalProcess(-group, signal);
  // Windows knows neither groups nor asking: the tree is ended at once, whatever the signal.
  execFile("taskkill", ["/pid", String(group), "/t", "/f"], () => undefined);
  return true;
}

/**
 * Whether a process group has members, zombies included: cheap, but only a no is certain. Always
 * true on Windows, which has no groups.
 */
export function groupExists(group: number): boolean {
  return process.platform === "win32" || answers(-group);
}

/**
 * Whether a process was started with `name=value` in its environment, which its children inherit
 * even when they leave its group and its parent. False where it cannot be read (other systems,
 * other users' processes, a process that wrote over it).
 */
export function startedWith(pid: number, name: string, value: string): boolean {
  if (process.platform !== "linux") return false;
  try {
    const block = Buffer.concat([
      Buffer.from("\0"),
      readFileSync(`/proc/${String(pid)}/environ`),
      Buffer.from("\0"),
    ]);
    return block.includes(`\0${name}=${value}\0`);
  } catch (error) {
    if (isUnreadable(error)) return false;
    throw error;
  }
}

/** The list from /proc; exported for its test. */
export function listFromProc(): ProcessEntry[] {
  const entries: ProcessEntry[] = [];
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const stat = readStat(pid);
    if (stat && !stat.zombie) entries.push(stat.entry);
  }
  return entries;
}

/** The list from `ps`; exported so that it is tested on Linux too. */
export async function listFromPs(): Promise<ProcessEntry[]> {
  return (await askPs(["-ax"])).filter((line) => !line.zombie).map((line) => line.entry);
}

type Line = { entry: ProcessEntry; zombie: boolean };

/** Linux counts CPU and start times in 1/100 s towards user programs on every architecture. */
const ticksPerSecond = 100;

let boot: string | null = null;

function bootId(): string {
  boot ??= readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  return boot;
}

/** Fields by proc_pid_stat(5), which counts from 1; the state is field 3. */
function readStat(pid: number): Line | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${String(pid)}/stat`, "latin1");
  } catch (error) {
    if (isUnreadable(error)) return null;
    throw error;
  }
  // The name stands in brackets and may itself hold spaces and brackets.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const field = (number: number): number => Number(fields[number - 3]);
  return {
    zombie: fields[0] === "Z" || fields[0] === "X",
    entry: {
      pid,
      parent: field(4),
      group: field(5),
      session: field(6),
      start: `${bootId()}/${String(field(22))}`,
      order: field(22),
      cpuSeconds: (field(14) + field(15)) / ticksPerSecond,
      childCpuSeconds: (field(16) + field(17)) / ticksPerSecond,
    },
  };
}

async function askPs(selection: string[]): Promise<Line[]> {
  const columns = "pid=,ppid=,pgid=,stat=,lstart=";
  // Without these the start time would change with the user's language and time zone.
  const env = { ...process.env, LC_ALL: "C", TZ: "UTC" };
  const output = await new Promise<string>((resolve, reject) => {
    execFile("ps", [...selection, "-o", columns], { env }, (error, stdout) => {
      // ps ends with 1 when nothing matches.
      if (error && error.code !== 1) reject(new Error("ps failed", { cause: error }));
      else resolve(stdout);
    });
  });
  return output.split("\n").flatMap((text) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.*\S)\s*$/.exec(text);
    if (!match) return [];
    const [, pid, parent, group, state = "", start = ""] = match;
    return {
      zombie: state.startsWith("Z"),
      entry: {
        pid: Number(pid),
        parent: Number(parent),
        group: Number(group),
        // ps tells sessions differently everywhere; a job's first group is its session's as well.
        session: Number(group),
        start,
        order: Date.parse(`${start} UTC`) || 0,
        cpuSeconds: null,
        childCpuSeconds: null,
      },
    };
  });
}

function answers(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return isErrno(error, "ESRCH") || isErrno(error, "EPERM");
}

function isUnreadable(error: unknown): boolean {
  return isErrno(error) && ["ENOENT", "ESRCH", "EACCES", "EPERM"].includes(error.code);
}
