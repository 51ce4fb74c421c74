/** The connection to the Docker Engine, for jobs, builds and checks. */
import type Docker from "dockerode";
import { GauntletError } from "../../../shared/errors.ts";
import { dockerAddress } from "./address.ts";

export type DockerClient = Docker;
export type Container = Docker.Container;
export type ContainerInfo = Docker.ContainerInspectInfo;
export type ContainerOptions = Docker.ContainerCreateOptions;
export type ContainerStats = Docker.ContainerStats;

let opened: Promise<Docker> | undefined;

/**
 * The client of this process. Nothing is asked of the engine yet; the library is loaded with the
 * first call, for it takes a fifth of a second that nobody without containers should wait for.
 */
export function dockerClient(): Promise<Docker> {
  opened ??= open();
  return opened;
}

async function open(): Promise<Docker> {
  const [{ default: Client }, address] = await Promise.all([import("dockerode"), dockerAddress()]);
  if (address.startsWith("unix://")) return new Client({ socketPath: address.slice(7) });
  if (address.startsWith("npipe://"))
    return new Client({ socketPath: address.slice(8).replaceAll("/", "\\") });
  // TLS material and ssh:// are read from the environment by the library itself.
  return new Client();
}

/** The HTTP status that the engine answered with; null for what is no answer of it. */
export function statusOf(error: unknown): number | null {
  if (typeof error !== "object" || error === null || !("statusCode" in error)) return null;
  return typeof error.statusCode === "number" ? error.statusCode : null;
}

/** What the engine said, without the client's own words around it. */
export function dockerMessage(error: unknown): string {
  if (typeof error === "object" && error !== null && "json" in error) {
    const { json } = error;
    if (typeof json === "object" && json !== null && "message" in json)
      return String(json.message).trim();
  }
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^\(HTTP code \d+\) [^-]* - /, "").trim();
}

/** Longest wait for an answer that costs the engine nothing, ms. */
const patience = 10_000;

/**
 * Gives up on an engine that hangs. What is asked with the signal is ended then, so that it keeps no
 * process from ending. Throws DOCKER_UNREACHABLE.
 */
export async function answered<T>(
  asked: Promise<T> | ((signal: AbortSignal) => Promise<T>),
): Promise<T> {
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const details = `It has not answered for ${patience / 1000} s.`;
      reject(new GauntletError("DOCKER_UNREACHABLE", "Docker does not answer.", { details }));
      abort.abort();
    }, patience);
  });
  try {
    return await Promise.race([typeof asked === "function" ? asked(abort.signal) : asked, late]);
  } finally {
    clearTimeout(timer);
  }
}

const unreachable: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENOTFOUND",
]);

/** DOCKER_DISK_FULL where that is what the engine said; null for anything else. */
export function diskFullError(error: unknown): GauntletError | null {
  const details = dockerMessage(error);
  if (!/no space left on device/i.test(details)) return null;
  return new GauntletError("DOCKER_DISK_FULL", "Docker's disk is full.", { details, cause: error });
}

/**
 * Makes a GauntletError of what a call to the engine threw: DOCKER_FORBIDDEN, DOCKER_UNREACHABLE,
 * DOCKER_DISK_FULL. What else the engine answered, and what is of this machine's files, stays as it is.
 */
export function dockerError(error: unknown): unknown {
  if (error instanceof GauntletError) return error;
  if (statusOf(error) !== null) return diskFullError(error) ?? error;
  if (typeof error !== "object" || error === null) return error;
  const code = "code" in error ? String(error.code) : "";
  const detail = { details: dockerMessage(error), cause: error };
  const isConnecting = "syscall" in error && error.syscall === "connect";
  if (isConnecting && (code === "EACCES" || code === "EPERM"))
    return new GauntletError("DOCKER_FORBIDDEN", "You may not speak to Docker.", detail);
  // A daemon that dies while it answers leaves half an answer.
  if (isConnecting || unreachable.has(code) || /socket hang up|aborted/.test(detail.details))
    return new GauntletError("DOCKER_UNREACHABLE", "Docker does not answer.", detail);
  return error;
}
