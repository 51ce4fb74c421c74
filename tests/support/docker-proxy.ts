/** A socket in front of the Docker Engine's that can be cut, or made to hang. */
import { rmSync } from "node:fs";
import { createServer, connect, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { part } from "../parts.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export async function startDockerProxy() {
  const engine = part("docker").at.replace(/^unix:\/\//, "");
  const path = join(temporaryFolder(), "docker.sock");
  const sockets = new Set<Socket>();
  let hangs = false;
  let server: Server | null = null;

  async function open(): Promise<void> {
    const made = createServer((client) => {
      const target = connect(engine);
      for (const [socket, other] of [
        [client, target],
        [target, client],
      ] as const) {
        sockets.add(socket);
        socket.on("error", () => other.destroy());
        socket.on("close", () => {
          sockets.delete(socket);
          other.destroy();
        });
        socket.on("data", (chunk) => {
          if (!hangs) other.write(chunk);
        });
      }
    });
    server = made;
    await new Promise<void>((resolve) => made.listen(path, resolve));
  }

  async function cut(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (server) server.close(() => resolve());
    else resolve();
    server = null;
    for (const socket of sockets) socket.destroy();
    await promise;
    rmSync(path, { force: true });
  }

  await open();
  onTestFinished(cut);
  return {
    address: `unix://${path}`,
    /** Whether somebody has a connection to the engine. */
    isInUse: () => sockets.size > 0,
    /** The engine is there again. */
    open,
    /** Every connection breaks, and none can be made. */
    cut,
    /** Nothing is passed on any more, in either direction; later the lost bytes are still lost. */
    hang(value: boolean) {
      hangs = value;
    },
  };
}
