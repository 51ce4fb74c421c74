/** Who runs in a world, and killing them. Linux only: it reads /proc. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { isErrno } from "../../core/platform/errno.ts";
import {
  listProcesses,
  signalProcess,
  startedWith,
  type ProcessEntry,
  type ProcessIdentity,
} from "../../core/platform/process-identity.ts";
import { worldVariable, type World } from "./world.ts";

/** A process that stands by an attempt, or is one: `folder` is the attempt's. */
export type Attached = ProcessEntry & { folder: string };

export type Family = {
  all: ProcessEntry[];
  supervisors: Attached[];
  /** Main processes of jobs. */
  jobs: Attached[];
};

/** Every live process that was started, by whomever, for a world. */
export async function familyOf({ folder }: World): Promise<Family> {
  const all = (await listProcesses()).filter(({ pid }) => startedWith(pid, worldVariable, folder));
  const supervised: Attached[] = [];
  const others: Attached[] = [];
  for (const entry of all) {
    const env = environmentOf(entry.pid);
    const folder = env.get("GAUNTLET_SUPERVISED_FOLDER");
    const run = env.get("GAUNTLET_RUN_DIR");
    if (folder !== undefined) supervised.push({ ...entry, folder });
    else if (run !== undefined) others.push({ ...entry, folder: join(run, "..") });
  }
  // A supervisor's child that has its environment is a job that is just about to become one.
  const pids = new Set(supervised.map(({ pid }) => pid));
  const supervisors = supervised.filter(({ parent }) => !pids.has(parent));
  others.push(...supervised.filter(({ parent }) => pids.has(parent)));
  const parents = new Set(supervisors.map(({ pid }) => pid));
  const jobs = others.filter(
    ({ pid, parent, folder: of }) => parents.has(parent) || recordOf(of)?.job?.pid === pid,
  );
  return { all, supervisors, jobs };
}

function environmentOf(pid: number): Map<string, string> {
  try {
    const block = readFileSync(`/proc/${String(pid)}/environ`, "utf8");
    return new Map(
      block.split("\0").map((pair) => {
        const at = pair.indexOf("=");
        return [pair.slice(0, at), pair.slice(at + 1)];
      }),
    );
  } catch (error) {
    if (isErrno(error)) return new Map(); // It has ended meanwhile.
    throw error;
  }
}

/** Kills everything of a world at once, as a power cut does. Returns how many processes. */
export async function killFamily(
  world: World,
  onFound: (family: Family) => void = () => undefined,
): Promise<number> {
  let killed = 0;
  for (;;) {
    const family = await familyOf(world);
    if (family.all.length === 0) return killed;
    onFound(family);
    // Stopped first, so that nobody sees another die.
    for (const { pid } of family.all) signalProcess(pid, "SIGSTOP");
    for (const { pid } of family.all) if (signalProcess(pid, "SIGKILL")) killed++;
    await sleep(2);
  }
}

const recordSchema = z.looseObject({
  pid: z.number(),
  job: z.looseObject({ pid: z.number() }).nullable(),
});

function recordFile(folder: string): string {
  return join(folder, "supervisor.json");
}

/** What an attempt's supervisor has recorded; null when there is nothing, or only a bar. */
function recordOf(folder: string): z.infer<typeof recordSchema> | null {
  try {
    const record = recordSchema.safeParse(JSON.parse(readFileSync(recordFile(folder), "utf8")));
    return record.success ? record.data : null;
  } catch (error) {
    if (isErrno(error)) return null;
    throw error;
  }
}

/**
 * What a restart of the machine does to recorded pids: they belong to somebody else now, who has
 * started at another time. Returns in how many attempts.
 */
export function reusePids({ data }: World, foreign: ProcessIdentity): number {
  let count = 0;
  for (const folder of attemptFolders(data)) {
    const record = recordOf(folder);
    if (!record) continue;
    const job = record.job && { ...record.job, pid: foreign.pid };
    writeFileSync(recordFile(folder), JSON.stringify({ ...record, pid: foreign.pid, job }));
    count++;
  }
  return count;
}

/** Folders of the attempts that are there now. */
export function attemptFolders(data: string): string[] {
  return entriesOf(join(data, "jobs")).flatMap((job) =>
    entriesOf(join(data, "jobs", job)).map((attempt) => join(data, "jobs", job, attempt)),
  );
}

/** Names in a folder, none when it is not there or goes away meanwhile. */
export function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return [];
    throw error;
  }
}
