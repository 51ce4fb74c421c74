/** Programs that ride along with a job: model and attack hosts, served models, attacks of any kind. */
import type { ChildProcess, StdioOptions } from "node:child_process";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { GauntletError } from "../shared/errors.ts";

const stopMilliseconds = 2_000;

export type Child = {
  process: ChildProcess;
  /** Settles when the process is gone: how it ended, in words. Never rejects. */
  ended: Promise<Ending>;
  /** The same, or null while it runs. */
  ending(): Ending | null;
  /** Closes its standard input, asks it to stop, kills it after two seconds. */
  stop(): Promise<void>;
};
export type Ending = { ok: boolean; words: string; startError: NodeJS.ErrnoException | null };

/** Starts a program; a program that cannot be started ends at once with a `startError`. */
export function startChild(
  command: readonly string[],
  options: { cwd: string; env: Record<string, string>; stdio: StdioOptions },
): Child {
  const [program = "", ...args] = command;
  const child = spawn(program, args, { ...options, env: { ...process.env, ...options.env } });
  let ending: Ending | null = null;
  const ended = new Promise<Ending>((resolve) => {
    const end = (result: Ending) => {
      ending ??= result;
      resolve(ending);
    };
    child.once("error", (error: NodeJS.ErrnoException) => {
      // Also raised when a signal cannot be sent to a process that runs.
      if (child.pid !== undefined) return;
      end({ ok: false, words: `could not be started: ${error.message}`, startError: error });
    });
    child.once("exit", (code, signal) => {
      const words = signal ? `was ended by ${signal}` : `ended with status ${String(code)}`;
      end({ ok: code === 0, words, startError: null });
    });
  });
  return {
    process: child,
    ended,
    ending: () => ending,
    stop: async () => {
      if (ending) return;
      child.stdin?.end();
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), stopMilliseconds);
      await ended;
      clearTimeout(timer);
    },
  };
}

/**
 * Starts one of our Python programs. It ends when its standard input closes, so it never outlives
 * this process, however that ends.
 */
export function startPython(
  program: "model_host.py" | "attack_host.py",
  args: string[],
  options: { cwd: string; env: Record<string, string>; stdout: "pipe" | "inherit" },
): Child {
  const file = join(import.meta.dirname, "python", program);
  return startChild(["python3", "-u", file, ...args], {
    cwd: options.cwd,
    env: options.env,
    stdio: ["pipe", options.stdout, "inherit"],
  });
}

/** @throws GauntletError PYTHON_MISSING when that is why the program did not start */
export function checkPython(ending: Ending): void {
  if (ending.startError?.code === "ENOENT")
    throw new GauntletError("PYTHON_MISSING", "The program python3 was not found.");
}
