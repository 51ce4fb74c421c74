import { RPCLink } from "@orpc/client/websocket";
import type { Attempt } from "./connection.ts";

/** Reaches the core of `gauntlet serve`, which this page came from. */
export async function openSocket(): Promise<Attempt> {
  const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/rpc`);
  const isOpen = await new Promise<boolean>((resolve) => {
    socket.addEventListener("open", () => resolve(true), { once: true });
    socket.addEventListener("error", () => resolve(false), { once: true });
  });
  if (!isOpen) return { link: null, state: (await isRefused()) ? "refused" : "lost" };
  const closed = new Promise<void>((resolve) => socket.addEventListener("close", () => resolve()));
  return { link: new RPCLink({ websocket: socket }), closed };
}

/** A browser does not say why it could not open a socket; this says whether it lacks a session. */
async function isRefused(): Promise<boolean> {
  try {
    return (await fetch("/session", { cache: "no-store" })).status === 401;
  } catch {
    return false; // nobody answers at all: lost
  }
}
