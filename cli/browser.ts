import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

export type Opener = { command: string; args: string[] };

/** How this machine opens an address for the person in front of it, or why it cannot. */
export function findOpener(
  platform: NodeJS.Platform,
  env: NodeJS.ProcessEnv,
): Opener | { reason: string } {
  if (env["SSH_CONNECTION"]) return { reason: "this is a session over SSH" };
  if (platform === "darwin") return { command: "open", args: [] };
  // `start` is a command of the shell, which would read the address as its own words.
  if (platform === "win32")
    return { command: "rundll32.exe", args: ["url.dll,FileProtocolHandler"] };
  if (!env["DISPLAY"] && !env["WAYLAND_DISPLAY"]) return { reason: "there is no display" };
  return isOnPath("xdg-open", env["PATH"] ?? "")
    ? { command: "xdg-open", args: [] }
    : { reason: "there is no xdg-open" };
}

function isOnPath(command: string, path: string): boolean {
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Hands an address to the browser. Resolves to why it could not, or null. */
export function openInBrowser({ command, args }: Opener, address: string): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(command, [...args, address], { stdio: "ignore", detached: true });
    child.once("error", (error) => resolve(error.message));
    child.once("spawn", () => {
      child.unref();
      resolve(null);
    });
  });
}
