/** Runs jobs as processes on this machine, each under a supervisor that outlives the engine. */
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { access, readFile, rename, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { z } from "zod";
import { GauntletError } from "../../../shared/errors.ts";
import type { AttemptKey, LaunchSpec, Observation, Runner } from "../../domain/ports.ts";
import { writeFileAtomic } from "../../platform/atomic-file.ts";
import { isErrno } from "../../platform/errno.ts";
import { removeSecretFolder, secretFolder } from "../../platform/secret-folder.ts";
import {
  descendantsOf,
  isSameProcess,
  listProcesses,
  signalProcess,
  startedWith,
} from "../../platform/process-identity.ts";
import {
  attemptFiles,
  createDurably,
  hiddenEnvironmentVariable,
  hiddenVariables,
  runFolderOf,
  runFolderVariable,
  supervisedFolderVariable,
  type AttemptFiles,
} from "./attempt-files.ts";
import { killJobProcesses, type JobProcesses } from "./job-processes.ts";
import { createPipeMaker } from "./output-pipe.ts";
import {
  exitFileSchema,
  launchFileSchema,
  supervisorFileSchema,
  type LaunchFile,
  type SupervisorFile,
} from "./records.ts";

export type ProcessRunnerOptions = {
  /**
   * Folder in which Node keeps the supervisor's compiled code and the next job's pipe waits; halves
   * the time of a launch. On the file system of the attempts' folders.
   */
  cache?: string;
  /**
   * Called when a supervisor that this runner started has gone: a hint to observe now. Attempts
   * that were adopted after a restart give none.
   */
  onEnded?: (key: AttemptKey) => void;
};

const supervisorProgram = fileURLToPath(new URL("./supervisor.ts", import.meta.url));

/** Wait between two looks whether a supervisor has claimed its attempt, ms. */
const claimInterval = 5;

/**
 * The process runner. Its state is in the attempts' folders alone, so a new one after a restart
 * adopts what it finds:
 *
 * - `launch.json` without `supervisor.json`: nothing was started. A supervisor may be on its way
 *   there: one of this runner, or one whose engine was killed, which is found by its environment
 *   (Linux; elsewhere the few milliseconds between are not covered). While it lives the attempt is
 *   `starting`, else `absent`, and launching again is safe.
 * - `supervisor.json` is the claim, created exclusively by whoever may start the job. Every other
 *   supervisor of the attempt ends at once, so nothing starts twice.
 * - `exit.json` is the end. Without it, and without the supervisor's process (pid and start time),
 *   the attempt is `lost`. Processes of a lost attempt may live until release().
 *
 * Windows is untried; see core/platform/process-identity.ts for what it lacks.
 */
export function createProcessRunner(options: ProcessRunnerOptions = {}): Runner {
  const makePipe = createPipeMaker(options.cache);
  /** Launches under way, by folder. */
  const launching = new Map<string, Promise<void>>();

  async function startSupervisor(spec: LaunchSpec): Promise<void> {
    const files = attemptFiles(spec.folder);
    if (await wasStarted(files)) return;
    await Promise.all([
      writeFileAtomic(files.launch, JSON.stringify(launchFile(spec))),
      writeFile(files.stopDraft, ""),
      makePipe(files.output),
    ]);
    const errors = openSync(files.supervisorLog, "a", 0o600);
    const child = spawn(process.execPath, [supervisorProgram, spec.folder], {
      cwd: spec.folder,
      detached: true,
      env: supervisorEnvironment(spec.folder, options.cache),
      // Secrets go this way alone: not through a file, an argument or the environment.
      stdio: [spec.secrets.length > 0 ? "pipe" : "ignore", "ignore", errors],
      windowsHide: true,
    });
    closeSync(errors);
    child.stdin?.on("error", () => undefined); // One that failed to start does not read it.
    child.stdin?.end(JSON.stringify(spec.secrets));
    child.unref();
    const gone: { why: string | null } = { why: null };
    child.once("error", (error) => {
      gone.why = error.message;
    });
    child.once("exit", (code, signal) => {
      gone.why = `it ended with ${signal ?? String(code)}`;
      options.onEnded?.(spec.key);
    });
    for (;;) {
      const { why } = gone;
      if (await wasStarted(files)) return;
      if (why !== null) throw await supervisorError(files, why);
      await sleep(claimInterval);
    }
  }

  return {
    kind: "process",

    async launch(spec) {
      const underWay = launching.get(spec.folder);
      if (underWay) return underWay;
      const launch = startSupervisor(spec).finally(() => launching.delete(spec.folder));
      launching.set(spec.folder, launch);
      return launch;
    },

    async observe(folder) {
      try {
        return await observeFiles(folder, launching.has(folder));
      } catch (error) {
        if (isErrno(error)) return { kind: "unreachable", detail: error.message };
        throw error;
      }
    },

    async stop(folder) {
      const files = attemptFiles(folder);
      if (!(await isPresent(files.launch)) || (await isPresent(files.stop))) return;
      await askToStop(files);
      const supervisor = await readRecord(files.supervisor, supervisorFileSchema);
      if (supervisor.kind !== "read" || "released" in supervisor.value) return;
      // The supervisor looks for the file twice a second; the signal makes it look now. Windows
      // has no such signal: there it would end the supervisor.
      if (process.platform !== "win32" && (await isSameProcess(supervisor.value))) {
        signalProcess(supervisor.value.pid, "SIGTERM");
      }
    },

    async release(folder) {
      const files = attemptFiles(folder);
      if (!(await isPresent(files.launch))) return;
      const bar: SupervisorFile = { released: true };
      // A supervisor that is still on its way finds the attempt taken.
      if (createDurably(files.supervisor, JSON.stringify(bar))) return;
      await endProcesses(files);
      // Its supervisor does so itself, unless it was killed.
      removeSecretFolder(secretFolder(folder));
    },
  };
}

async function observeFiles(folder: string, launching: boolean): Promise<Observation> {
  const files = attemptFiles(folder);
  const ended = await readExit(files);
  if (ended) return ended;
  const supervisor = await readRecord(files.supervisor, supervisorFileSchema);
  if (supervisor.kind === "absent") {
    if (!(await isPresent(files.launch))) return { kind: "absent" };
    if (launching || (await isSupervisorOnItsWay(folder))) return { kind: "starting" };
    // It may have come and claimed since the first look, and then gone.
    return (await isPresent(files.supervisor)) ? observeFiles(folder, false) : { kind: "absent" };
  }
  if (supervisor.kind === "damaged") return { kind: "lost", detail: supervisor.detail };
  if ("released" in supervisor.value) {
    return { kind: "lost", detail: "it was released before it was started" };
  }
  if (await isSameProcess(supervisor.value)) {
    const { job } = supervisor.value;
    return job ? { kind: "running", since: job.since } : { kind: "starting" };
  }
  // Writing the exit record is the last thing a supervisor does: it may have just done so.
  const last = await readExit(files);
  if (last) return last;
  const words = await lastWords(files);
  return { kind: "lost", detail: `its supervisor is gone without an exit record${words}` };
}

async function isSupervisorOnItsWay(folder: string): Promise<boolean> {
  const all = await listProcesses();
  return all.some(({ pid }) => startedWith(pid, supervisedFolderVariable, folder));
}

async function readExit(files: AttemptFiles): Promise<Observation | null> {
  const exit = await readRecord(files.exit, exitFileSchema);
  if (exit.kind === "absent") return null;
  if (exit.kind === "damaged") return { kind: "lost", detail: exit.detail };
  return { kind: "ended", exit: exit.value };
}

/** Kills the supervisor, and then everything of the job that can be found. */
async function endProcesses(files: AttemptFiles): Promise<void> {
  const record = await readRecord(files.supervisor, supervisorFileSchema);
  const supervisor = record.kind === "read" && !("released" in record.value) ? record.value : null;
  const job: JobProcesses = {
    runFolder: files.run,
    leader: supervisor?.job ?? null,
    seen: new Map(),
    watched: false,
  };
  if (supervisor && (await isSameProcess(supervisor))) {
    // It may have started the job and not yet recorded it: its children are known only before.
    for (const child of descendantsOf([supervisor.pid], await listProcesses())) {
      job.seen.set(child.pid, child.start);
    }
    signalProcess(supervisor.pid, "SIGKILL");
    while (await isSameProcess(supervisor)) await sleep(2);
  }
  const left = await killJobProcesses(job);
  if (left.length === 0) return;
  const pids = left.map(({ pid }) => pid).join(", ");
  throw new GauntletError("INTERNAL", `Processes of a job cannot be killed: ${pids}.`, {
    hint: "They wait inside the system, as for a disk or a driver. It is tried again.",
  });
}

type Read<T> =
  | { kind: "absent" }
  | { kind: "read"; value: T }
  | { kind: "damaged"; detail: string };

async function readRecord<T>(file: string, schema: z.ZodType<T>): Promise<Read<T>> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return { kind: "absent" };
    throw error;
  }
  try {
    return { kind: "read", value: schema.parse(JSON.parse(text)) };
  } catch (error) {
    // These files appear whole, so one that cannot be read was damaged by something else.
    const detail = error instanceof Error ? error.message : String(error);
    return { kind: "damaged", detail: `${file} cannot be read: ${detail}` };
  }
}

async function askToStop(files: AttemptFiles): Promise<void> {
  try {
    await rename(files.stopDraft, files.stop);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
    // Launched by an older version. It says all by being there, and so needs no space for content.
    await writeFile(files.stop, "");
  }
}

async function wasStarted(files: AttemptFiles): Promise<boolean> {
  return (await isPresent(files.supervisor)) || (await isPresent(files.exit));
}

async function isPresent(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return false;
    throw error;
  }
}

function launchFile(spec: LaunchSpec): LaunchFile {
  const { folder, ...rest } = spec;
  // `node` in a command is the Node that runs Gauntlet, wherever that comes from.
  const path = spec.env["PATH"] ?? process.env["PATH"] ?? "";
  return launchFileSchema.parse({
    ...rest,
    schema: 1,
    secrets: spec.secrets.length,
    env: {
      ...spec.env,
      PATH: [dirname(process.execPath), path].join(delimiter),
      CUDA_DEVICE_ORDER: "PCI_BUS_ID",
      CUDA_VISIBLE_DEVICES: spec.gpus.join(","),
      [runFolderVariable]: runFolderOf(folder),
    },
  });
}

function supervisorEnvironment(folder: string, cache?: string): NodeJS.ProcessEnv {
  const env = { ...process.env };
  const hidden = Object.fromEntries(hiddenVariables.map((name) => [name, env[name]]));
  for (const name of hiddenVariables) delete env[name];
  env[hiddenEnvironmentVariable] = JSON.stringify(hidden);
  env[supervisedFolderVariable] = folder;
  if (cache !== undefined) env["NODE_COMPILE_CACHE"] = join(cache, "compile");
  return env;
}

async function supervisorError(files: AttemptFiles, why: string): Promise<GauntletError> {
  const words = await lastWords(files);
  return new GauntletError("INTERNAL", `The job's supervisor did not start: ${why}${words}`);
}

/** The end of what a supervisor wrote before it failed. */
async function lastWords(files: AttemptFiles): Promise<string> {
  try {
    const text = (await readFile(files.supervisorLog, "utf8")).trim();
    return text === "" ? "" : `: ${text.slice(-2000)}`;
  } catch (error) {
    if (isErrno(error)) return "";
    throw error;
  }
}
