import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../cli/gauntlet.mjs", import.meta.url));

export type CliResult = { status: number | null; stdout: string; stderr: string };

/** Starts the `gauntlet` command as a user's shell would, with a data folder. */
export function startCli(
  args: readonly string[],
  data: string,
  cwd?: string,
  env: Readonly<Record<string, string>> = {},
) {
  return spawn(process.execPath, [program, ...args], {
    cwd,
    env: { ...process.env, GAUNTLET_DATA: data, NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Runs the `gauntlet` command to its end. */
export function runCli(
  args: readonly string[],
  data: string,
  cwd?: string,
  env: Readonly<Record<string, string>> = {},
): Promise<CliResult> {
  const child = startCli(args, data, cwd, env);
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString("utf8")));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString("utf8")));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, stdout, stderr }));
  });
}
