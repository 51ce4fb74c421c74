import { execFile } from "node:child_process";

/**
 * Runs a program to its end and returns what it printed. Rejects when it cannot be started, ends
 * with another status than 0, takes longer than `timeout` ms, or prints more than 64 MiB.
 */
export function runProgram(
  program: string,
  args: readonly string[],
  options: { cwd?: string; timeout?: number } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      program,
      args,
      {
        cwd: options.cwd,
        timeout: options.timeout ?? 10_000,
        maxBuffer: 64 * 1024 * 1024,
        windowsHide: true,
      },
      (error, stdout) => (error ? reject(error) : resolve(stdout)),
    );
  });
}
