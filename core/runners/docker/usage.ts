/** What a container uses, over time, as resource samples. */
import { appendFile, statfs } from "node:fs/promises";
import type { Container, ContainerStats } from "../../platform/docker/client.ts";
import type { ResourceSample } from "../../domain/ports.ts";
import { sampleGpus } from "../process/resource-sampler.ts";
import { nextSampleIn } from "../process/resource-log.ts";
import type { AttemptFiles } from "./attempt.ts";
import { type GroupUsage, readGroupUsage } from "./control-group.ts";

export type Totals = { peakMemory: number | null; cpuSeconds: number | null };

/** Samples until stopped. What cannot be asked is left out: it is no reason for anything to fail. */
export function startUsageLog(options: {
  container: Container;
  /** Its first process, as this machine numbers it. */
  pid: number;
  files: AttemptFiles;
  gpus: readonly number[];
  hasMemoryLimit: boolean;
}): { stop(): Totals } {
  const { container, pid, files, gpus } = options;
  const totals: Totals = { peakMemory: null, cpuSeconds: null };
  const started = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  async function sample(): Promise<void> {
    const [usage, used, disk] = await Promise.all([
      readGroupUsage(pid).then(async (seen) => seen ?? askEngine(container)),
      sampleGpus(gpus),
      statfs(files.run),
    ]);
    if (stopped || !usage) return;
    totals.peakMemory = Math.max(totals.peakMemory ?? 0, usage.peakMemory);
    totals.cpuSeconds = usage.cpuSeconds;
    const line: ResourceSample = {
      time: Date.now(),
      cpuSeconds: usage.cpuSeconds,
      memory: usage.memory,
      readBytes: usage.readBytes,
      writtenBytes: usage.writtenBytes,
      diskFree: disk.bavail * disk.bsize,
      gpus: used,
    };
    await appendFile(files.resources, `${JSON.stringify(line)}\n`, { mode: 0o600 });
  }

  function next(): void {
    if (stopped) return;
    const wait = nextSampleIn(performance.now() - started, options.hasMemoryLimit);
    timer = setTimeout(() => {
      // A full disk loses a sample, a container that has just ended has none.
      void sample()
        .catch(() => undefined)
        .finally(next);
    }, wait);
  }
  next();
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
      return totals;
    },
  };
}

/** Where the container's processes are not this machine's: null once it has ended. */
async function askEngine(container: Container): Promise<GroupUsage | null> {
  const stats = await container.stats({ stream: false, "one-shot": true });
  return stats.memory_stats.usage === undefined ? null : usageOf(stats);
}

function usageOf({ cpu_stats, memory_stats, blkio_stats }: ContainerStats): GroupUsage {
  const inactive = memory_stats.stats.total_inactive_file ?? memory_stats.stats.inactive_file ?? 0;
  const memory = Math.max(0, memory_stats.usage - inactive);
  const bytes = (kind: string) =>
    (blkio_stats?.io_service_bytes_recursive ?? [])
      .filter(({ op }) => op.toLowerCase() === kind)
      .reduce((sum, { value }) => sum + value, 0);
  return {
    cpuSeconds: cpu_stats.cpu_usage.total_usage / 1e9,
    memory,
    // Version 2 keeps no peak: the largest sample is what there is.
    peakMemory: memory_stats.max_usage || memory,
    readBytes: bytes("read"),
    writtenBytes: bytes("write"),
  };
}
