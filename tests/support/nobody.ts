/** Another user, for what root is allowed in any case. Only root can become it. */
import { spawn } from "node:child_process";
import { chmodSync, chownSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "./temporary-folder.ts";

const nobody = 65_534;
const program = fileURLToPath(new URL("../../cli/gauntlet.mjs", import.meta.url));

export const mayBecomeNobody = process.getuid?.() === 0;

/** An empty data folder that belongs to nobody. */
export function folderOfNobody(): string {
  const data = join(temporaryFolder(), "data");
  mkdirSync(data);
  for (const folder of [data, dirname(data)]) chmodSync(folder, 0o755);
  chownSync(data, nobody, nobody);
  return data;
}

/** Starts the `gauntlet` command as nobody, with Docker at a socket that root alone may use. */
export function startAsNobody(args: readonly string[], data: string, socket: string) {
  chmodSync(socket, 0o600);
  chmodSync(dirname(socket), 0o755);
  return spawn(process.execPath, [program, ...args, "--data", data], {
    uid: nobody,
    gid: nobody,
    env: { ...process.env, HOME: data, DOCKER_HOST: `unix://${socket}` },
    stdio: ["pipe", "pipe", "inherit"],
  });
}
