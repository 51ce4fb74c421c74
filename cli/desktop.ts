import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { installationFolder } from "../core/platform/installation.ts";

/** A window that ends with a failure within it never opened, ms. */
const opening = 15_000;
/** Longest wait for a runtime that is fetched, ms. */
const fetching = 600_000;

export type Desktop = { electron: string } | { reason: string };

/**
 * The Electron runtime for a window on this machine, fetched where the npm package `electron` is
 * there and its runtime is not yet, or why there can be no window.
 */
export async function findDesktop(
  platform: NodeJS.Platform,
  env: NodeJS.ProcessEnv,
  isRoot: boolean,
  say: (text: string) => void,
): Promise<Desktop> {
  if (env["SSH_CONNECTION"]) return { reason: "this is a session over SSH" };
  if (platform === "linux" && !env["DISPLAY"] && !env["WAYLAND_DISPLAY"])
    return { reason: "there is no display" };
  if (platform === "linux" && isRoot)
    return { reason: "the sandbox of its pages does not work for root" };
  const own = env["ELECTRON_OVERRIDE_DIST_PATH"];
  if (own) {
    const electron = join(own, programName(platform));
    return existsSync(electron) ? { electron } : { reason: `${electron} is not there` };
  }
  const folder = join(installationFolder, "node_modules", "electron");
  if (!existsSync(folder)) return { reason: "the npm package electron is not installed" };
  const installed = installedIn(folder);
  if (installed) return { electron: installed };
  say("Fetching the Electron runtime, once.");
  const problem = await run(process.execPath, [join(folder, "install.js")], fetching);
  const fetched = installedIn(folder);
  if (fetched) return { electron: fetched };
  return { reason: `the Electron runtime cannot be fetched${problem ? ` (${problem})` : ""}` };
}

function programName(platform: NodeJS.Platform): string {
  if (platform === "darwin") return join("Electron.app", "Contents", "MacOS", "Electron");
  return platform === "win32" ? "electron.exe" : "electron";
}

function installedIn(folder: string): string | null {
  const note = join(folder, "path.txt");
  if (!existsSync(note)) return null;
  const program = join(folder, "dist", readFileSync(note, "utf8"));
  return existsSync(program) ? program : null;
}

/** Builds the window's processes where they are older than their sources. Null, or what is wrong. */
export function buildDesktop(): Promise<string | null> {
  const builder = join(installationFolder, "scripts", "build-electron.mjs");
  return run(process.execPath, [builder, "--if-needed"], fetching);
}

/**
 * Opens the window and waits for its end. Resolves to why it did not open, or null.
 */
export async function openDesktop(electron: string, data: string): Promise<string | null> {
  const started = performance.now();
  const problem = await run(electron, [installationFolder, "--data", data]);
  return performance.now() - started < opening ? problem : null;
}

/** Runs a program with its output on the error stream. Resolves to how it failed, or null. */
function run(command: string, args: readonly string[], timeout?: number): Promise<string | null> {
  const child = spawn(command, args, {
    stdio: ["ignore", 2, 2],
    timeout,
    env: { ...process.env, GAUNTLET_NODE: process.execPath },
  });
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) =>
      resolve(code === 0 ? null : `it ended with ${signal ?? String(code)}`),
    );
  });
}
