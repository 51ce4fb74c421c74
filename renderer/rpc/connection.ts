import type { ClientLink, ClientContext } from "@orpc/client";
import { RPCLink } from "@orpc/client/websocket";
import { create } from "zustand";

export type ConnectionState =
  | "connecting"
  | "open"
  /** The core does not answer; it is tried again. */
  | "lost"
  /** The core answers, but this browser opened no link. */
  | "refused";

export const useConnection = create<{ state: ConnectionState }>(() => ({ state: "connecting" }));

/** From the first pause between two tries to the longest, ms. */
const shortestPause = 250;
const longestPause = 4000;

type Link = ClientLink<ClientContext>;

let current: Promise<Link> | undefined;

/**
 * The link of the connection that is open, or of the next one: calls made meanwhile wait. A call
 * whose connection breaks is rejected.
 */
export function openLink(): Promise<Link> {
  current ??= connect();
  return current;
}

async function connect(): Promise<Link> {
  for (let pause = shortestPause; ; pause = Math.min(pause * 2, longestPause)) {
    const socket = await openSocket();
    if (socket) {
      useConnection.setState({ state: "open" });
      socket.addEventListener("close", () => {
        useConnection.setState({ state: "lost" });
        current = connect();
      });
      return new RPCLink({ websocket: socket });
    }
    useConnection.setState({ state: (await isRefused()) ? "refused" : "lost" });
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

function openSocket(): Promise<WebSocket | null> {
  const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/rpc`);
  return new Promise((resolve) => {
    socket.addEventListener("open", () => resolve(socket), { once: true });
    socket.addEventListener("error", () => resolve(null), { once: true });
  });
}

/** A browser does not say why it could not open a socket; this says whether it lacks a session. */
async function isRefused(): Promise<boolean> {
  try {
    return (await fetch("/session", { cache: "no-store" })).status === 401;
  } catch {
    return false; // nobody answers at all: lost
  }
}
