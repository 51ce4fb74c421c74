/**
 * The program that stands by one attempt of one job and outlives the engine:
 *
 *     node supervisor.ts ATTEMPT_FOLDER
 *
 * It starts the job's command, keeps its log, watches its limits, ends it with all its children
 * when asked to, and leaves exit.json. It is started for every job, and each module costs it about
 * a millisecond: so it imports few, small ones, and nothing from outside. All of them are loaded
 * when the job starts, so that updating Gauntlet does not break the supervisor of a running job.
 *
 * Windows is untried: there are no process groups to ask, so a job is ended at once with taskkill.
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { ExitRecord } from "../../domain/job.ts";
import { isErrno } from "../../platform/errno.ts";
import { identityOf, signalGroup, type ProcessIdentity } from "../../platform/process-identity.ts";
import {
  attemptFiles,
  createDurably,
  replaceFile,
  reserveSpace,
  writeDurably,
  type AttemptFiles,
} from "./attempt-files.ts";
import { openJobLog } from "./job-log.ts";
import { killJobProcesses, type JobProcesses } from "./job-processes.ts";
import type { JobSecrets } from "./job-secrets.ts";
import { startJob } from "./job.ts";
import type { LaunchFile, SupervisorFile } from "./records.ts";
import { createAlarm, isThere, watchJob } from "./watch.ts";

/** How long output may still come after the group has ended, and after all else was killed, ms. */
const drainPause = 50;
const drainPatience = 1000;
/** How long it is tried to write exit.json, ms. */
const exitPatience = 10 * 60_000;
/** More than any of its records takes, bytes. */
const recordSpace = 4096;

/** Most jobs have none, and so do not wait for what handles them. */
const noSecrets: JobSecrets = {
  place: () => ({}),
  redact: (write) => ({ write, end: () => undefined }),
  remove: () => undefined,
};

const alarm = createAlarm();
let terminated = false;
/** Process group of the job, for the case that the supervisor itself fails. */
let group: number | null = null;

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  process.on(signal, () => {
    terminated = true;
    alarm.ring();
  });
}
process.on("uncaughtException", fail);

async function main(folder: string): Promise<void> {
  const files = attemptFiles(folder);
  const self = await identityOf(process.pid);
  if (!self) throw new Error("the supervisor cannot find its own process");
  // Taken already, and what it was launched with may be gone.
  if (isThere(files.supervisor)) return;
  const launch = readLaunch(files.launch);
  // Before the claim: without its secrets a job must not start.
  const secrets =
    launch.secrets > 0
      ? (await import("./job-secrets.ts")).takeSecrets(launch.secrets, folder)
      : noSecrets;
  const claimed = createDurably(files.supervisor, supervisorRecord(self, null));
  if (claimed) await supervise(files, self, launch, secrets);
}

async function supervise(
  files: AttemptFiles,
  self: ProcessIdentity,
  launch: LaunchFile,
  secrets: JobSecrets,
): Promise<void> {
  const log = openJobLog(files.log, launch.logLimit);
  const output = secrets.redact(log.write);
  const startedAt = Date.now();
  const started = performance.now();
  const exit: ExitRecord = {
    code: null,
    signal: null,
    endedBy: "itself",
    startError: null,
    startedAt,
    endedAt: startedAt,
    peakMemory: null,
    cpuSeconds: null,
    logDropped: 0,
  };
  if (isThere(files.stop)) {
    log.end();
    return writeExit(files, { ...exit, endedBy: "stopped" });
  }
  reserveRecords(files);
  let lastOutput = started;
  const job = await startJob(launch, files, secrets, (chunk) => {
    lastOutput = performance.now();
    output.write(chunk);
  });
  if (!("pid" in job)) {
    secrets.remove();
    log.end();
    return writeExit(files, { ...exit, startError: job });
  }
  group = job.pid;
  // Nobody has waited for it yet, so its pid is certainly still its own.
  const leader = await identityOf(job.pid);
  const record = createRecorder(
    files,
    supervisorRecord(self, leader && { ...leader, since: startedAt }),
  );
  record();
  const processes: JobProcesses = { runFolder: files.run, leader, seen: new Map(), watched: true };
  let outOfMemory = false;
  // The job must not wait for what only measures it.
  const resourceLog = import("./resource-log.ts").then(({ startResourceLog }) =>
    startResourceLog({
      file: files.resources,
      processes,
      gpus: launch.gpus,
      memoryLimit: launch.memoryLimit,
      onOutOfMemory() {
        outOfMemory = true;
        alarm.ring();
      },
      onError: fail,
    }),
  );
  const end = await watchJob({
    files,
    launch,
    job,
    processes,
    alarm,
    lastOutput: () => lastOutput,
    terminated: () => terminated,
    outOfMemory: () => outOfMemory,
    onLook: record,
  });
  const totals = await (await resourceLog).stop();
  if (!(await job.drain(drainPause))) {
    // Somebody outside the group still holds the output. Who cannot be killed is not waited for.
    await killJobProcesses(processes);
    await job.drain(drainPatience);
  }
  job.close();
  output.end();
  secrets.remove();
  const { reason } = end;
  const outside = reason === "terminated";
  await writeExit(files, {
    ...exit,
    // Ended from outside is neither success nor a user's wish, whatever the program made of it.
    code: outside ? null : end.code,
    signal: outside ? (end.signal ?? "SIGTERM") : end.signal,
    endedBy: reason === null || reason === "terminated" ? "itself" : reason,
    // Not before the start, even when the wall clock was set back meanwhile.
    endedAt: Math.max(Date.now(), Math.round(startedAt + performance.now() - started)),
    ...totals,
    logDropped: log.end(),
  });
  // Daemons that left the group and closed their output; looking for them is no reason to wait.
  await killJobProcesses(processes);
}

/** Returns what writes supervisor.json, once; called again until a full disk takes it. */
function createRecorder(files: AttemptFiles, record: string): () => void {
  let recorded = false;
  return () => {
    if (recorded) return;
    try {
      replaceFile(files.supervisor, record);
      recorded = true;
    } catch (error) {
      if (!isErrno(error)) throw error;
    }
  };
}

function supervisorRecord(
  self: ProcessIdentity,
  job: (ProcessIdentity & { since: number }) | null,
): string {
  const record: SupervisorFile = { ...self, job };
  return JSON.stringify(record);
}

/** The runner has checked the file's content; what is looked at here is whose format it is. */
function readLaunch(file: string): LaunchFile {
  const launch: unknown = JSON.parse(readFileSync(file, "utf8"));
  if (!isLaunch(launch)) throw new Error("launch.json is not of this version");
  return launch;
}

function isLaunch(value: unknown): value is LaunchFile {
  return typeof value === "object" && value !== null && "schema" in value && value.schema === 1;
}

/** Takes the space of the records that are still to be written, before the job can fill the disk. */
function reserveRecords(files: AttemptFiles): void {
  try {
    for (const file of [files.supervisor, files.exit]) reserveSpace(file, recordSpace);
  } catch (error) {
    // The disk is full already. Both are tried for long, and space may come by then.
    if (!isErrno(error)) throw error;
  }
}

async function writeExit(files: AttemptFiles, exit: ExitRecord): Promise<void> {
  const deadline = performance.now() + exitPatience;
  for (let delay = 100; ; delay = Math.min(5000, delay * 2)) {
    try {
      writeDurably(files.exit, JSON.stringify(exit));
      return;
    } catch (error) {
      // The runner then says `lost`; so it does when there is no folder to write to any more.
      const hopeless = !isErrno(error) || !isThere(files.supervisor);
      if (hopeless || performance.now() > deadline) throw error;
    }
    await sleep(delay);
  }
}

/** A job without its supervisor would run without limits and without a record: it ends as well. */
function fail(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  if (group !== null) signalGroup(group, "SIGKILL");
  process.exit(1);
}

const [, , folder] = process.argv;
if (folder === undefined) throw new Error("usage: node supervisor.ts ATTEMPT_FOLDER");
// Ends at once: an answer of nvidia-smi that is still to come interests nobody any more.
main(folder).then(() => process.exit(0), fail);
