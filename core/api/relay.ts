import { WebSocket } from "ws";
import { socketPath } from "./socket-path.ts";

/** The WebSocket protocol's word for: connect again. */
const restarting = 1012;

/**
 * Hands a page's connection to the core that owns a data folder, word for word, until either end
 * closes it.
 */
export function relayToCore(data: string, page: WebSocket): void {
  const core = new WebSocket(`ws+unix://${socketPath(data)}:/`);
  const early: { message: WebSocket.RawData; binary: boolean }[] = [];
  page.on("message", (message, binary) => {
    if (core.readyState === WebSocket.OPEN) core.send(message, { binary });
    else if (core.readyState === WebSocket.CONNECTING) early.push({ message, binary });
  });
  core.on("open", () => {
    for (const { message, binary } of early.splice(0)) core.send(message, { binary });
  });
  core.on("message", (message, binary) => page.send(message, { binary }));
  page.on("close", () => core.close());
  core.on("close", () => page.close(restarting, "the core has ended"));
  // A close follows, which is what counts.
  core.on("error", () => undefined);
}
