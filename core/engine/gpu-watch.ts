import type { ForeignGpuUsers } from "../domain/ports.ts";

/** The driver is asked again when its answer is older than this, ms: asking costs it time. */
const askAgain = 3000;
/** An answer that is older says nothing, ms. Between the two it serves while it is asked anew. */
const worthless = 10_000;

/**
 * Remembers who else uses the GPUs, and asks anew in the background, so that a slow driver holds up
 * nobody but the jobs that want a GPU.
 * @param now monotonic milliseconds
 * @param onAnswer called when there is a new answer
 */
export function createGpuWatch(ask: ForeignGpuUsers, now: () => number, onAnswer: () => void) {
  let answer: { at: number; users: ReadonlyMap<number, string> } | undefined;
  let asking = false;
  return {
    /** Milliseconds after which it is worth looking again. */
    interval: askAgain,
    /** Who uses which GPU as far as is known; null while the first answer is still to come. */
    users(held: ReadonlySet<number>): ReadonlyMap<number, string> | null {
      if (!asking && (!answer || now() - answer.at >= askAgain)) {
        asking = true;
        void ask(held).then((users) => {
          answer = { at: now(), users };
          asking = false;
          onAnswer();
        });
      }
      return answer && now() - answer.at < worthless ? answer.users : null;
    },
  };
}
