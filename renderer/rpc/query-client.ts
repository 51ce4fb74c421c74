import { notifyManager, QueryClient } from "@tanstack/react-query";
import type { EventFamily } from "./live.ts";
import { isConnectionError } from "./errors.ts";

declare module "@tanstack/react-query" {
  interface Register {
    queryMeta: {
      /** Events that make the answer stale; see live.ts. */
      follows?: readonly EventFamily[];
    };
  }
}

// An answer is shown in the task in which it came: a timeout costs several ms of a key's 50.
notifyManager.setScheduler(queueMicrotask);

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // The core is on this machine or behind a tunnel: what the browser thinks of the network
      // says nothing.
      networkMode: "always",
      refetchOnWindowFocus: false,
      // Events say when an answer is stale.
      staleTime: Infinity,
      // A broken connection is waited for; the core's own refusals are final.
      retry: (count, error) => isConnectionError(error) && count < 10,
      retryDelay: 200,
    },
    mutations: { networkMode: "always" },
  },
});
