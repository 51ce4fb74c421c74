import { createRouterClient } from "@orpc/server";
import { RPCHandler } from "@orpc/server/ws";
import type { WebSocket } from "ws";
import type { CoreRouter } from "./router.ts";
import type { Client } from "./socket-client.ts";

/** Speaks the contract over a connection until it is closed. */
export type Answer = (socket: WebSocket) => void;

export function answerWith(router: CoreRouter): Answer {
  const handler = new RPCHandler(router);
  return (socket) => void handler.upgrade(socket);
}

/** Calls a core of the same process. */
export function clientOf(router: CoreRouter): Client {
  return createRouterClient(router);
}
