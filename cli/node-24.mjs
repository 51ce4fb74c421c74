/**
 * The Node that Gauntlet runs on. Plain JavaScript that Node 18 can read: this is what runs before
 * a newer Node is at hand.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

export const requiredMajor = 24;

const windows = process.platform === "win32";

/** Where the npm package `node` puts its Node. */
export const packagedNode = fileURLToPath(
  new URL(`../node_modules/node/bin/node${windows ? ".exe" : ""}`, import.meta.url),
);

/** The major version of this process's Node. */
export function runningMajor() {
  return Number(process.versions.node.split(".")[0]);
}

/**
 * The path of a Node that is new enough, or undefined. `prefer: "running"` saves a process;
 * `prefer: "packaged"` gives everyone the same version.
 * @param {{ prefer: "running" | "packaged" }} options
 */
export function findNode({ prefer }) {
  const runningIsEnough = runningMajor() >= requiredMajor;
  if (runningIsEnough && prefer === "running") return process.execPath;
  if (runs(packagedNode)) return packagedNode;
  return runningIsEnough ? process.execPath : undefined;
}

/** Whether it is there and made for this machine: a folder can be shared between systems. */
function runs(node) {
  return existsSync(node) && spawnSync(node, ["--version"], { stdio: "ignore" }).status === 0;
}

/**
 * Runs `node` with this process's streams, passes signals on, and ends as it ends. `node` comes
 * first on its PATH, so that the programs which it starts find the same Node.
 * @param {string} node path of the executable
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env added to this process's environment
 */
export function becomeNode(node, args, env = {}) {
  const search = [path.dirname(node), process.env.PATH].filter(Boolean).join(path.delimiter);
  const child = spawn(node, args, {
    stdio: "inherit",
    env: { ...process.env, PATH: search, ...env },
  });
  const terminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"]) {
    process.on(signal, () => {
      // Ctrl-C and Ctrl-\ reach the child from the terminal as well; a second one would be heard as
      // "now, at once".
      const heard = terminal && (signal === "SIGINT" || signal === "SIGQUIT");
      if (!heard) child.kill(signal);
    });
  }
  child.on("error", (error) => {
    process.stderr.write(`Could not start ${node}: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    if (signal === null) {
      process.exit(code ?? 1);
    }
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
    // Where the signal does not end this process (it may be blocked), the usual status says it.
    process.exitCode = 128 + (constants.signals[signal] ?? 0);
  });
}
