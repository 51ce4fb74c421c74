import type { MessagePortMain } from "electron";
import { WebSocket } from "ws";
import type { PortNote } from "../../shared/shell.ts";

/** Hands a page's messages to the core's socket and back, word for word, until either closes. */
export function relay(port: MessagePortMain, socketPath: string): void {
  const socket = new WebSocket(`ws+unix://${socketPath}:/`);
  const tell = (note: PortNote) => port.postMessage(note);
  socket.on("open", () => tell({ port: "open" }));
  socket.on("message", (message, binary) => {
    // Messages of the contract are whole: text, or bytes where a file is in them.
    const whole = Array.isArray(message) ? Buffer.concat(message) : Buffer.from(message as Buffer);
    port.postMessage(binary ? new Uint8Array(whole) : whole.toString("utf8"));
  });
  socket.on("close", () => {
    tell({ port: "closed" });
    port.close();
  });
  // A close follows, which is what counts.
  socket.on("error", () => undefined);
  port.on("message", ({ data }: { data: unknown }) => {
    if (socket.readyState !== WebSocket.OPEN) return;
    if (typeof data === "string" || data instanceof Uint8Array) socket.send(data);
  });
  port.on("close", () => socket.close());
  port.start();
}
