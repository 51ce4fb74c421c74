import { chmodSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { answerWith } from "./answer.ts";
import type { CoreRouter } from "./router.ts";
import { socketPath } from "./socket-path.ts";

const largestMessage = 16 * 2 ** 20;

/**
 * Answers the contract on the data folder's socket, which only the folder's owner may open. The
 * caller owns the catalog, so that a socket file that is there already is a dead core's.
 */
export async function listenOnSocket(
  data: string,
  router: CoreRouter,
): Promise<{ close(): Promise<void> }> {
  const path = socketPath(data);
  if (process.platform !== "win32") rmSync(path, { force: true });
  const http = createServer((_request, response) => response.writeHead(426).end());
  const sockets = new WebSocketServer({ server: http, maxPayload: largestMessage });
  const answer = answerWith(router);
  sockets.on("connection", (socket) => answer(socket));
  // Between listen and chmod nobody else could connect either: the folder is 0700.
  await new Promise<void>((resolve, reject) => {
    http.once("error", reject);
    http.listen(path, resolve);
  });
  if (process.platform !== "win32") chmodSync(path, 0o600);
  return {
    async close() {
      for (const socket of sockets.clients) socket.close(1001, "closing");
      sockets.close();
      await new Promise<void>((resolve) => http.close(() => resolve()));
    },
  };
}
