import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** The longest path that a Unix socket can have on every system. */
const pathLimit = 100;

/**
 * Where the core of a data folder listens: `core.sock` in the folder, a named pipe on Windows, or
 * a short name in the system's folder for temporary files where the path is too long for a socket.
 */
export function socketPath(data: string): string {
  const folder = resolve(data);
  const hash = createHash("sha256").update(folder).digest("hex").slice(0, 16);
  if (process.platform === "win32") return `\\\\.\\pipe\\gauntlet-${hash}`;
  const path = join(folder, "core.sock");
  return Buffer.byteLength(path) <= pathLimit ? path : join(tmpdir(), `gauntlet-${hash}.sock`);
}
