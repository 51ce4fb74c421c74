/** Writes resources.jsonl while a job runs, and watches its memory. */
import { appendFileSync } from "node:fs";
import type { ResourceSample } from "../../domain/ports.ts";
import { isErrno } from "../../platform/errno.ts";
import type { JobProcesses } from "./job-processes.ts";
import { createResourceSampler, sampleGpus, type Totals } from "./resource-sampler.ts";
import { createAlarm } from "./watch.ts";

/** Times of the first samples after the start, ms: short jobs are to have some too. */
const firstSamples = [20, 100, 300, 600, 1000];
const longestInterval = 5000;

/**
 * Milliseconds from the sample at `elapsed` ms to the next: 1 s during the first minute, then
 * slowly more, up to 5 s. Memory can run out fast, so a job with a memory limit stays at 1 s.
 */
export function nextSampleIn(elapsed: number, hasMemoryLimit: boolean): number {
  const first = firstSamples.find((time) => time > elapsed);
  if (first !== undefined) return first - elapsed;
  return hasMemoryLimit ? 1000 : Math.min(longestInterval, Math.max(1000, elapsed / 60));
}

export type ResourceLog = {
  /** Ends the sampling; called once the main process has been waited for. */
  stop(): Promise<Totals>;
};

/** Samples until stopped. `onOutOfMemory` is called when the job holds more than `memoryLimit`. */
export function startResourceLog(options: {
  file: string;
  processes: JobProcesses;
  gpus: readonly number[];
  memoryLimit: number | null;
  onOutOfMemory(): void;
  onError(error: unknown): void;
}): ResourceLog {
  const { file, gpus, memoryLimit } = options;
  const sampler = createResourceSampler(options.processes);
  const alarm = createAlarm();
  const started = performance.now();
  let stopped = false;

  async function run(): Promise<void> {
    for (;;) {
      await alarm.nap(nextSampleIn(performance.now() - started, memoryLimit !== null));
      if (stopped) return;
      const usage = await sampler.sample();
      // The job is over and this has not been told yet.
      if (usage.memory === 0) continue;
      if (memoryLimit !== null && (usage.memory ?? 0) > memoryLimit) {
        // Shared pages count once for each process in the sum; only what is really held is a reason.
        if ((sampler.proportionalMemory() ?? usage.memory ?? 0) > memoryLimit) {
          options.onOutOfMemory();
        }
      }
      append(file, { ...usage, gpus: await sampleGpus(gpus) });
    }
  }

  run().catch(options.onError);
  return {
    stop() {
      stopped = true;
      alarm.ring();
      return sampler.totals();
    },
  };
}

function append(file: string, sample: ResourceSample): void {
  try {
    appendFileSync(file, `${JSON.stringify(sample)}\n`, { mode: 0o600 });
  } catch (error) {
    // On a full disk a sample is lost, and nothing else.
    if (!isErrno(error)) throw error;
  }
}
