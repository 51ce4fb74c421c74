/** Starts the command of a job and gathers its output. */
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, constants, existsSync, openSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import type { Readable } from "node:stream";
import type { ExitRecord } from "../../domain/job.ts";
import { isErrno } from "../../platform/errno.ts";
import {
  hiddenEnvironmentVariable,
  hiddenVariables,
  supervisedFolderVariable,
  type AttemptFiles,
} from "./attempt-files.ts";
import type { JobSecrets } from "./job-secrets.ts";
import type { LaunchFile } from "./records.ts";

export type JobEnd = { code: number | null; signal: string | null };
export type StartedJob = {
  pid: number;
  /** Resolves once the main process has ended, whatever its output does. */
  ended: Promise<JobEnd>;
  /** Waits until the output has been read to its end; false after `patience` milliseconds. */
  drain(patience: number): Promise<boolean>;
  /** Reads no more, whoever may still write. */
  close(): void;
};
export type StartError = NonNullable<ExitRecord["startError"]>;

/** Starts the command in a process group of its own, without a shell and without input. */
export async function startJob(
  launch: LaunchFile,
  files: AttemptFiles,
  secrets: Pick<JobSecrets, "place">,
  onOutput: (chunk: Buffer) => void,
): Promise<StartedJob | StartError> {
  const [program = "", ...args] = launch.command;
  const pipe = openPipe(files.output);
  let child: ChildProcess;
  try {
    child = spawn(program, args, {
      cwd: launch.cwd,
      env: { ...ownEnvironment(), ...launch.env, ...secrets.place() },
      detached: true,
      windowsHide: true,
      stdio: pipe ? ["ignore", pipe.writeEnd, pipe.writeEnd] : ["ignore", "pipe", "pipe"],
    });
  } catch (error) {
    return describeStartError(error, launch);
  } finally {
    // Else the output would not end with its last writer.
    if (pipe) closeSync(pipe.writeEnd);
  }
  const { pid } = child;
  if (pid === undefined) {
    return new Promise((resolve) => {
      child.once("error", (error) => {
        resolve(describeStartError(error, launch));
      });
    });
  }
  const outputs = pipe
    ? [new Socket({ fd: pipe.readEnd, readable: true, writable: false })]
    : [child.stdout, child.stderr].filter((output) => output !== null);
  for (const output of outputs) output.on("data", onOutput);
  const drained = Promise.all(outputs.map(closed));
  const ended = new Promise<JobEnd>((resolve) => {
    child.once("exit", (code, signal) => {
      resolve({ code, signal });
    });
  });
  return {
    pid,
    ended,
    drain(patience) {
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, patience, false);
        void drained.then(() => {
          clearTimeout(timer);
          resolve(true);
        });
      });
    },
    close() {
      for (const output of outputs) output.destroy();
    },
  };
}

/** Opens and removes the pipe that the runner made; null when there is none. */
function openPipe(path: string): { readEnd: number; writeEnd: number } | null {
  try {
    // In this order: a read end that is opened without waiting lets the write end open as well.
    const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return { readEnd, writeEnd: openSync(path, constants.O_WRONLY) };
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  } finally {
    rmSync(path, { force: true });
  }
}

function closed(output: Readable): Promise<void> {
  return new Promise((resolve) => {
    output.once("close", resolve);
    // A pipe that breaks has ended; "close" follows.
    output.on("error", () => undefined);
  });
}

/** The environment of the engine, as it was before the runner hid a part of it. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const env = { ...process.env };
  const hidden: unknown = JSON.parse(env[hiddenEnvironmentVariable] ?? "{}");
  for (const name of [...hiddenVariables, hiddenEnvironmentVariable, supervisedFolderVariable]) {
    delete env[name];
  }
  return Object.assign(env, hidden);
}

function describeStartError(error: unknown, launch: LaunchFile): StartError {
  if (!isErrno(error)) return { code: "UNKNOWN", message: String(error) };
  const program = JSON.stringify(launch.command[0]);
  if (!existsSync(launch.cwd)) {
    // The system says ENOENT for this as well, as though the program were missing.
    return { code: "ENOTDIR", message: `the working directory ${launch.cwd} is not there` };
  }
  switch (error.code) {
    case "ENOENT":
      return { code: error.code, message: `${program} was not found (ENOENT)` };
    case "EACCES":
      return { code: error.code, message: `${program} may not be executed (EACCES)` };
    default:
      return { code: error.code, message: error.message };
  }
}
