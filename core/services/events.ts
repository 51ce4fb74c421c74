import { setTimeout as sleep } from "node:timers/promises";
import type { EventBatch } from "../../shared/overview.ts";
import type { CoreContext } from "./context.ts";
import { createWaiter } from "./waiter.ts";

/** Who is further behind asks for everything anew instead. */
const longestBacklog = 2000;
const batchSize = 500;
/** What happens within it comes in one batch, ms. */
const pause = 100;

/**
 * What happens, as it happens: at once a batch that says where the log stands, then further ones.
 * `afterSeq` is the last event that the caller knows; null for from now on. Ends with the signal.
 */
export async function* watchEvents(
  { catalog }: Pick<CoreContext, "catalog">,
  afterSeq: number | null,
  signal?: AbortSignal,
): AsyncGenerator<EventBatch, void> {
  const { events } = catalog;
  const waiter = createWaiter(signal);
  const forget = events.onAppend(waiter.wake);
  try {
    const newest = events.newest();
    // A number that is still to come is another catalog's.
    const reset = afterSeq !== null && (afterSeq > newest || newest - afterSeq > longestBacklog);
    let seq = afterSeq === null || reset ? newest : afterSeq;
    yield { seq, reset, events: [] };
    while (!signal?.aborted) {
      const batch = events.after(seq, batchSize);
      const last = batch.at(-1);
      if (last) {
        seq = last.seq;
        yield { seq, reset: false, events: batch };
      } else await waiter.woken();
      await sleep(pause, undefined, { ref: false });
    }
  } finally {
    forget();
    waiter.end();
  }
}
