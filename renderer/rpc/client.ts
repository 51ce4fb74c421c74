import { createORPCClient } from "@orpc/client";
import type { ContractRouterClient } from "@orpc/contract";
import { createTanstackQueryUtils } from "@orpc/tanstack-query";
import type { contract } from "../../shared/contract.ts";
import { openLink } from "./connection.ts";

export type Client = ContractRouterClient<typeof contract>;

/** The core, as its contract tells it. */
export const client: Client = createORPCClient({
  call: async (path, input, options) => (await openLink()).call(path, input, options),
});

/** The same as options of queries and mutations: `useQuery(core.runs.get.queryOptions(...))`. */
export const core = createTanstackQueryUtils(client);
