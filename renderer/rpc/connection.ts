import type { ClientContext, ClientLink } from "@orpc/client";
import { create } from "zustand";
import type { ErrorData } from "../../shared/errors.ts";
import { shell } from "../state/shell.ts";
import { openPort } from "./message-port.ts";
import { openSocket } from "./web-socket.ts";

export type ConnectionState =
  | "connecting"
  | "open"
  /** The core does not answer; it is tried again. */
  | "lost"
  /** The core answers, but this browser opened no link. */
  | "refused";

export const useConnection = create<{
  state: ConnectionState;
  /** Why there is no core, where that is known. */
  problem: ErrorData | null;
}>(() => ({ state: "connecting", problem: null }));

export type Link = ClientLink<ClientContext>;

/** What an attempt to reach the core comes to. */
export type Attempt =
  | { link: Link; closed: Promise<void> }
  | { link: null; state: "lost" | "refused"; problem?: ErrorData };

/** From the first pause between two tries to the longest, ms. */
const shortestPause = 250;
const longestPause = 4000;

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
    const attempt = shell ? await openPort(shell) : await openSocket();
    if (attempt.link) {
      useConnection.setState({ state: "open", problem: null });
      void attempt.closed.then(() => {
        useConnection.setState({ state: "lost" });
        current = connect();
      });
      return attempt.link;
    }
    useConnection.setState({ state: attempt.state, problem: attempt.problem ?? null });
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
