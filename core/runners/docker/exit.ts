/** From what Docker tells of an ended container to an exit record. */
import { constants } from "node:os";
import type { ContainerInfo } from "../../platform/docker/client.ts";
import type { ExitRecord } from "../../domain/job.ts";
import type { Reason } from "./limits.ts";

/** A shell's convention, which Docker and its init follow: a signal's number and this. */
const signalBase = 128;

const signals = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

type State = Pick<ContainerInfo["State"], "ExitCode" | "OOMKilled" | "StartedAt" | "FinishedAt">;

/**
 * The record of an ended container.
 * @param reason why it was asked to end, when it was
 * @param wasCutOff whether the engine was away while it ran: a restart ends what runs
 * @param lastLine of its log: the container's init says there why it could not start the program
 */
export function exitOf(
  state: State,
  reason: Reason | null,
  lastLine: string,
  wasCutOff: boolean,
): Pick<ExitRecord, "code" | "signal" | "endedBy" | "startError" | "startedAt" | "endedAt"> {
  const startedAt = Date.parse(state.StartedAt);
  const times = { startedAt, endedAt: Math.max(startedAt, Date.parse(state.FinishedAt)) };
  const startError = startErrorOf(state.ExitCode, lastLine);
  if (startError) return { code: null, signal: null, endedBy: "itself", startError, ...times };
  const signal = signals.get(state.ExitCode - signalBase) ?? null;
  const byItself =
    wasCutOff && (signal !== null || state.ExitCode === 255) ? "place-lost" : "itself";
  return {
    code: signal === null ? state.ExitCode : null,
    signal,
    // One of its processes may have been killed for it while the program went on and succeeded.
    endedBy: state.OOMKilled && state.ExitCode !== 0 ? "out-of-memory" : (reason ?? byItself),
    startError: null,
    ...times,
  };
}

/**
 * `[FATAL tini (7)] exec train.py failed: Permission denied`, after which it ends with 126 or 127. What
 * gives a program its secrets says it in the same way.
 */
const initFailure = /^\[(?:FATAL tini \(\d+\)|gauntlet)\] (exec .* failed: (.*))$/;

function startErrorOf(code: number, lastLine: string): ExitRecord["startError"] {
  const [, message, why] = (code === 126 || code === 127 ? initFailure.exec(lastLine) : null) ?? [];
  if (message === undefined) return null;
  return { code: why === "Permission denied" ? "EACCES" : "ENOENT", message };
}

/** Whether the engine said that a container's program does not exist. */
export function isMissingProgram(message: string): boolean {
  return /executable file not found|no such file or directory: unknown/.test(message);
}
