import { createORPCClient } from "@orpc/client";
import { RPCLink } from "@orpc/client/websocket";
import type { ContractRouterClient } from "@orpc/contract";
import { WebSocket } from "ws";
import type { contract } from "../../shared/contract.ts";
import { GauntletError } from "../../shared/errors.ts";
import { socketPath } from "./socket-path.ts";

export type Client = ContractRouterClient<typeof contract>;

/**
 * Talks to the core that owns a data folder; `lost` settles when the connection has ended.
 * Throws CORE_UNREACHABLE when none answers.
 */
export async function connectToCore(
  data: string,
): Promise<{ client: Client; lost: Promise<void>; close(): void }> {
  const socket = new WebSocket(`ws+unix://${socketPath(data)}:/`);
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", (cause) =>
      reject(
        new GauntletError(
          "CORE_UNREACHABLE",
          "The Gauntlet that owns the data folder is not answering.",
          {
            cause,
          },
        ),
      ),
    );
  });
  const client: Client = createORPCClient(new RPCLink({ websocket: socket }));
  const lost = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  return { client, lost, close: () => socket.close() };
}
