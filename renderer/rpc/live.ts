/**
 * Keeps pages up to date. A query names in its options what it follows,
 *
 *   useQuery(core.runs.get.queryOptions({ input, meta: { follows: ["run", "job"] } }))
 *
 * and is asked again, while it is shown, when such an event comes.
 */
import type { Query } from "@tanstack/react-query";
import { client } from "./client.ts";
import { queryClient } from "./query-client.ts";

/** The first word of an event's kind: `run.created` is of `run`. */
export type EventFamily = "run" | "job" | "evaluation" | "sweep" | "attack-set" | "dataset";

/** Queries are asked again at most this often, ms. */
const pause = 400;

const waiting = new Set<string>();
let all = false;
let timer: number | undefined;

/** Follows the core's events for ever, from the last one it saw, over lost connections. */
export async function followEvents(): Promise<void> {
  let seq: number | null = null;
  for (;;) {
    try {
      for await (const batch of await client.events.watch({ afterSeq: seq })) {
        seq = batch.seq;
        if (batch.reset) all = true;
        for (const { kind } of batch.events) waiting.add(kind.split(".", 1)[0] ?? "");
        if (all || waiting.size > 0) timer ??= window.setTimeout(flush, pause);
      }
    } catch {
      // The connection broke; the next call waits for a new one, and goes on after `seq`.
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

function flush(): void {
  timer = undefined;
  const families = new Set(waiting);
  const everything = all;
  waiting.clear();
  all = false;
  const isStale = ({ meta }: Pick<Query, "meta">) =>
    everything || (meta?.follows?.some((family) => families.has(family)) ?? false);
  // What is being asked right now may be answered with what was before: it is asked once more.
  if (queryClient.isFetching({ predicate: isStale }) > 0) {
    for (const family of families) waiting.add(family);
    all = everything;
    timer = window.setTimeout(flush, pause);
  }
  // Never broken off: a slow answer would not come at all.
  void queryClient.invalidateQueries({ predicate: isStale }, { cancelRefetch: false });
}
