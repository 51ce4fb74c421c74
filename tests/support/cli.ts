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
    env: environmentFor(data, env),
    stdio: ["ignore", "pipe", "pipe"],
  });
}

function environmentFor(data: string, env: Readonly<Record<string, string>> = {}) {
  return { ...process.env, GAUNTLET_DATA: data, NO_COLOR: "1", ...env };
}

/** Runs the `gauntlet` command to its end, with `input` as its standard input. */
export function runCli(
  args: readonly string[],
  data: string,
  cwd?: string,
  { env = {}, input = "" }: { env?: Readonly<Record<string, string>>; input?: string } = {},
): Promise<CliResult> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: environmentFor(data, env),
  });
  child.stdin.on("error", () => undefined); // It may end before it has read all.
  child.stdin.end(input);
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString("utf8")));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString("utf8")));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, stdout, stderr }));
  });
}
