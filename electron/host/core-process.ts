import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { createInterface } from "node:readline";
import { delimiter, dirname } from "node:path";
import { coreEnvironment } from "./core-environment.ts";
import type { CoreNote } from "../../shared/core-notes.ts";

/** From the first pause before a core that ended is started again to the longest, ms. */
const shortestPause = 250;
const longestPause = 10_000;

export type CoreProcess = {
  /** Lets it finish what it is at; resolves when it has ended. */
  end(): Promise<void>;
};

/**
 * Keeps a core running on a Node of its own, started again whenever it ends, the slower the sooner
 * it does. `onGone` hears of each end.
 */
export function keepCore(options: {
  node: string;
  /** cli/gauntlet.mjs */
  script: string;
  data: string;
  /** In Base64; null for none. */
  secretsKey: string | null;
  onNote(note: CoreNote): void;
  onGone(): void;
}): CoreProcess {
  const { node, script, data, secretsKey, onNote, onGone } = options;
  let pause = shortestPause;
  let isEnding = false;
  let child: ChildProcessWithoutNullStreams | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let gone = (): void => undefined;

  function start(): void {
    const env = coreEnvironment(process.env);
    // Jobs that ask for `node` get the one that the core runs on.
    const path = [dirname(node), env["PATH"]].filter(Boolean).join(delimiter);
    // The input stays open for as long as this process lives: the core ends with it.
    child = spawn(node, [script, "--data", data, "core", "--key"], { env: { ...env, PATH: path } });
    child.stderr.pipe(process.stderr);
    child.stdin.on("error", () => undefined);
    child.stdin.write(`${secretsKey ?? ""}\n`);
    createInterface({ input: child.stdout }).on("line", (line) => {
      const note = readNote(line);
      if (note?.kind === "ready") pause = shortestPause;
      if (note) onNote(note);
    });
    child.once("error", (error) => {
      onNote({
        kind: "problem",
        error: {
          code: "INTERNAL",
          message: `The core does not start: ${error.message}.`,
          details: null,
          hint: "Install Gauntlet anew.",
          retryable: true,
        },
      });
      ended();
    });
    child.once("close", ended);
  }

  function ended(): void {
    if (!child) return;
    child = undefined;
    onGone();
    if (isEnding) gone();
    else {
      timer = setTimeout(start, pause);
      pause = Math.min(pause * 2, longestPause);
    }
  }

  start();
  return {
    end() {
      isEnding = true;
      clearTimeout(timer);
      if (!child) return Promise.resolve();
      child.stdin.end();
      return new Promise((resolve) => (gone = resolve));
    },
  };
}

function readNote(line: string): CoreNote | null {
  try {
    const note: unknown = JSON.parse(line);
    return typeof note === "object" && note !== null && "kind" in note ? (note as CoreNote) : null;
  } catch {
    return null; // what a library wrote to the output is no note
  }
}
