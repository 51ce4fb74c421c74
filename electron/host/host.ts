/**
 * The process between the window and the core: keeps the core running and hands the messages of
 * pages to its socket, so that the window's own process is never busy with them.
 *
 *   host NODE SCRIPT DATA
 */
import type { MessagePortMain } from "electron";
import type { ErrorData } from "../../shared/errors.ts";
import type { PortNote } from "../../shared/shell.ts";
import type { HostOrder } from "../channels.ts";
import { type CoreProcess, keepCore } from "./core-process.ts";
import { relay } from "./relay.ts";

const [node, script, data] = process.argv.slice(2);

let socket: string | null = null;
let problem: ErrorData | null = null;
/** Pages that wait for the core. */
const waiting = new Set<MessagePortMain>();

let core: CoreProcess | undefined;

function start(secretsKey: string | null): CoreProcess {
  if (!node || !script || !data) throw new Error("host NODE SCRIPT DATA");
  return keepCore({
    node,
    script,
    data,
    secretsKey,
    onNote(note) {
      process.parentPort.postMessage(note);
      if (note.kind === "ready") {
        socket = note.socket;
        problem = null;
        for (const port of waiting) relay(port, socket);
        waiting.clear();
      }
      if (note.kind === "problem") {
        problem = note.error;
        for (const port of waiting) refuse(port, note.error);
        waiting.clear();
      }
    },
    onGone() {
      socket = null;
    },
  });
}

process.parentPort.on(
  "message",
  ({ data: order, ports }: { data: HostOrder; ports: MessagePortMain[] }) => {
    const [port] = ports;
    if (typeof order === "object") core ??= start(order.secretsKey);
    else if (order === "end") void Promise.resolve(core?.end()).then(() => process.exit(0));
    else if (port && socket !== null) relay(port, socket);
    else if (port && problem) refuse(port, problem);
    else if (port) {
      waiting.add(port);
      // A page that has lost patience is not connected any more.
      port.on("close", () => waiting.delete(port));
      port.start();
    }
  },
);

/** The page shows what is wrong, and asks for another port in a while. */
function refuse(port: MessagePortMain, error: ErrorData): void {
  const note: PortNote = { port: "problem", error };
  port.postMessage(note);
  port.close();
}
