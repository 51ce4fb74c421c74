/**
 * The files of an attempt: where they stand and how they are written, so that each is there wholly
 * or not at all.
 */
import {
  closeSync,
  constants,
  fsyncSync,
  ftruncateSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { isErrno } from "../../platform/errno.ts";

/** Where the files stand that the process runner keeps beside the run folder. */
export function attemptFiles(folder: string) {
  return {
    /** What to start, written by the runner before it starts the supervisor. */
    launch: join(folder, "launch.json"),
    /** The claim: exists once something was started, and says by which processes. */
    supervisor: join(folder, "supervisor.json"),
    /** What the supervisor itself had to say; empty unless it failed. */
    supervisorLog: join(folder, "supervisor.log"),
    /** Exists once the attempt is asked to stop. */
    stop: join(folder, "stop.json"),
    /** Becomes `stop.json`: made at the launch, for the job may have filled the disk by then. */
    stopDraft: join(folder, "stop.draft"),
    exit: join(folder, "exit.json"),
    resources: join(folder, "resources.jsonl"),
    log: join(folder, "log"),
    /** Named pipe between job and log; there only until the supervisor has opened it. */
    output: join(folder, "output.fifo"),
    run: runFolderOf(folder),
    metrics: join(folder, "run", "out", "metrics.jsonl"),
  };
}
export type AttemptFiles = ReturnType<typeof attemptFiles>;

export function runFolderOf(folder: string): string {
  return join(folder, "run");
}

/**
 * Tells a job its run folder, and marks its processes: they inherit it even when they leave their
 * group and their parent.
 */
export const runFolderVariable = "GAUNTLET_RUN_DIR";

/**
 * Variables that Node itself reads. The supervisor is started without the user's, which could slow
 * or break it; the job gets them back.
 */
export const hiddenVariables = ["NODE_COMPILE_CACHE", "NODE_OPTIONS", "NODE_V8_COVERAGE"] as const;

/** Carries the hidden variables past the supervisor, as JSON. */
export const hiddenEnvironmentVariable = "GAUNTLET_HIDDEN_ENVIRONMENT";

/** Marks a supervisor with its attempt, so that one that has claimed nothing yet can be found. */
export const supervisedFolderVariable = "GAUNTLET_SUPERVISED_FOLDER";

/** Replaces `file` in one step. Throws the system's error, and then the old file stands. */
export function writeDurably(file: string, text: string): void {
  const draft = draftOf(file);
  writeDraft(draft, text, true);
  renameSync(draft, file);
  syncFolder(dirname(file));
}

/**
 * Creates `file` in one step unless it exists; false when it does. Of any number of processes that
 * try at the same time exactly one gets true. (A link, because opening with O_EXCL and writing are
 * two steps, and whoever dies between them leaves a claim that names nobody.)
 */
export function createDurably(file: string, text: string): boolean {
  const draft = draftOf(file);
  writeDraft(draft, text, true);
  try {
    linkSync(draft, file);
  } catch (error) {
    if (isErrno(error, "EEXIST")) return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  syncFolder(dirname(file));
  return true;
}

/** Replaces `file` in one step; may be lost by a power cut, which costs less than waiting for it. */
export function replaceFile(file: string, text: string): void {
  const draft = draftOf(file);
  writeDraft(draft, text, false);
  renameSync(draft, file);
}

/**
 * Takes the space of the next replacement of a file now, so that it works on a disk that has become
 * full. Best effort: on a file system that never writes in place the space is needed again.
 */
export function reserveSpace(file: string, bytes: number): void {
  writeDraft(draftOf(file), " ".repeat(bytes), false);
}

/** Per process, so that two that write the same file do not write into one draft. */
function draftOf(file: string): string {
  return `${file}.${String(process.pid)}.tmp`;
}

function writeDraft(draft: string, text: string, durable: boolean): void {
  // Not truncated on opening: what reserveSpace() took must not be given back first.
  const handle = openSync(draft, constants.O_WRONLY | constants.O_CREAT, 0o600);
  try {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length;) at += writeSync(handle, bytes, at, undefined, at);
    ftruncateSync(handle, bytes.length);
    if (durable) fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** A new name is on the disk only once its folder is. */
function syncFolder(folder: string): void {
  // Windows cannot open a folder for this.
  if (process.platform === "win32") return;
  const handle = openSync(folder, constants.O_RDONLY);
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
