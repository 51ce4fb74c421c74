import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { createGradientWorker, type Minibatch, type SharedWork } from "./gradient.ts";

/** Computes the gradients of minibatches, alone or with threads. */
export interface GradientThreads {
  /** Resolves when every chunk's gradient is in the shared memory. */
  compute(minibatch: Minibatch): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param threads worker threads; with one the work is done in this thread, since a second would
 *   only wait.
 */
export function createGradientThreads(work: SharedWork, threads: number): GradientThreads {
  if (threads === 1) {
    const compute = createGradientWorker(work, 0, 1);
    return {
      // Async, so that a failure rejects as it does with threads.
      compute: async (minibatch) => compute(minibatch),
      close: async () => {},
    };
  }
  const file = new URL("./train-worker.ts", import.meta.url);
  const workers = Array.from(
    { length: threads },
    (_, thread) => new Worker(file, { workerData: { work, thread, threads } }),
  );
  return {
    async compute(minibatch) {
      await Promise.all(
        workers.map((worker) => {
          // Subscribed before asking; an error in the worker rejects.
          const done = once(worker, "message");
          worker.postMessage(minibatch);
          return done;
        }),
      );
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
