import { statSync } from "node:fs";
import { Worker } from "node:worker_threads";

/** Bytes written since the last checkpoint after which the next one is due. */
const due = 4 * 2 ** 20;
/** A log that is longer has not been moved for long, whoever wrote it. */
const longest = 16 * 2 ** 20;
const interval = 1000;

export type Checkpoints = ReturnType<typeof createCheckpoints>;

/**
 * Moves the write-ahead log into the catalog's file on a thread of its own. SQLite does it after a
 * commit otherwise, on the connection's thread: copying and syncing megabytes would hold the core's
 * loop for tens of milliseconds, and half the time of an ingest is that sync. Once all of the log is
 * moved, the next commit begins it anew; while a burst lasts it grows.
 */
export function createCheckpoints(file: string) {
  let worker: Worker | undefined;
  let isBusy = false;
  let bytes = 0;

  function start(): Worker {
    const started = new Worker(new URL("./checkpoint-worker.ts", import.meta.url), {
      workerData: { file },
    });
    started.unref();
    started.on("message", () => (isBusy = false));
    // Without the thread all goes on as it would have gone: the connection moves the log itself.
    started.on("error", () => {
      worker = undefined;
      isBusy = false;
    });
    return started;
  }

  function checkpoint(): void {
    if (isBusy) return;
    bytes = 0;
    isBusy = true;
    worker ??= start();
    worker.postMessage("checkpoint");
  }

  // The log's file is cut to less than that when it begins anew (journal_size_limit in open.ts).
  const timer = setInterval(() => {
    const log = statSync(`${file}-wal`, { throwIfNoEntry: false });
    if (log && log.size > longest) checkpoint();
  }, interval);
  timer.unref();

  return {
    /** Tells about how much was committed. */
    written(committed: number): void {
      bytes += committed;
      if (bytes >= due) checkpoint();
    },
    close(): void {
      clearInterval(timer);
      void worker?.terminate();
    },
  };
}
