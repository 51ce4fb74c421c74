import type { ErrorData } from "./errors.ts";

/** What the core behind the desktop window tells the window's process: a line of JSON each. */
export type CoreNote =
  /** The data folder's socket answers. */
  | { kind: "ready"; socket: string }
  /** Jobs that have not ended, whenever their numbers change. */
  | { kind: "jobs"; running: number; queued: number }
  | EndedNote
  /** The core cannot go on, and ends. */
  | { kind: "problem"; error: ErrorData };

/** Runs that ended since the last such note; the first few are named. */
export type EndedNote = {
  kind: "ended";
  succeeded: number;
  failed: number;
  runs: { id: string; name: string; state: string; reason: string | null }[];
};
