import { RPCLink } from "@orpc/client/message-port";
import { isPortNote, lostMessage, portMessage, type Shell } from "../../shared/shell.ts";
import type { Attempt } from "./connection.ts";

/** Longest wait for a port, and for a core that starts, before both are asked for anew, ms. */
const patience = 15_000;

type Listener = (event?: { data: unknown }) => void;

/** Reaches the core behind the desktop window. */
export async function openPort(shell: Shell): Promise<Attempt> {
  const port = await askForPort(shell);
  if (!port) return { link: null, state: "lost" };
  const listeners = new Map<string, Listener>();
  // The port as the link sees it: without what is said beside the contract.
  const linked = {
    postMessage: (message: unknown) => port.postMessage(message),
    on: (kind: string, listener: Listener) => void listeners.set(kind, listener),
  };
  let end = (): void => undefined;
  let forget = (): void => undefined;
  const closed = new Promise<void>((resolve) => (end = resolve));
  const answer = await new Promise<Attempt>((resolve) => {
    const timer = setTimeout(() => resolve({ link: null, state: "lost" }), patience);
    function finish(): void {
      forget();
      clearTimeout(timer);
      resolve({ link: null, state: "lost" });
      listeners.get("close")?.();
      end();
    }
    forget = hear(lostMessage, finish);
    port.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      if (!isPortNote(data)) {
        listeners.get("message")?.({ data });
        return;
      }
      clearTimeout(timer);
      if (data.port === "open") resolve({ link: new RPCLink({ port: linked }), closed });
      else if (data.port === "problem") resolve({ link: null, state: "lost", problem: data.error });
      else finish();
    });
    port.start();
  });
  if (!answer.link) {
    forget();
    port.close();
  }
  return answer;
}

function askForPort(shell: Shell): Promise<MessagePort | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => finish(null), patience);
    const forget = hear(portMessage, ({ ports }) => finish(ports[0] ?? null));
    function finish(port: MessagePort | null): void {
      clearTimeout(timer);
      forget();
      resolve(port);
    }
    shell.connect();
  });
}

/** Hears a message that the preload script posts as the window itself; nobody else can. */
function hear(wanted: string, listener: (event: MessageEvent<unknown>) => void): () => void {
  const listen = (event: MessageEvent<unknown>) => {
    if (event.source === window && event.data === wanted) listener(event);
  };
  window.addEventListener("message", listen);
  return () => window.removeEventListener("message", listen);
}
