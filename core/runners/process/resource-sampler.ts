/** What a job uses: CPU, memory, disk and GPUs, summed over its processes. */
import { readFileSync, statfsSync } from "node:fs";
import type { ResourceSample } from "../../domain/ports.ts";
import { isErrno } from "../../platform/errno.ts";
import { askNvidiaSmi, nvidiaBytes, nvidiaNumber, nvidiaRows } from "../../platform/nvidia-smi.ts";
import { entryOf, listProcesses, type ProcessEntry } from "../../platform/process-identity.ts";
import { findJobProcesses, type JobProcesses } from "./job-processes.ts";

export type Usage = Omit<ResourceSample, "gpus">;

/** Bytes and seconds; null where they could not be read. */
export type Totals = { peakMemory: number | null; cpuSeconds: number | null };

export type ResourceSampler = {
  /** CPU, memory and disk now; everything but `time` and `diskFree` is null outside Linux. */
  sample(): Promise<Usage>;
  /**
   * Memory that the job's processes would give back, bytes: pages that they share are counted
   * once. Slower than the sum of resident memory, but data loaders that were forked from one
   * process do not count the same pages many times. Null where it cannot be read.
   */
  proportionalMemory(): number | null;
  /**
   * Sums over the job's life, once its main process has been waited for: memory is the larger of
   * the largest sampled sum and the kernel's own high-water mark of any process.
   */
  totals(): Promise<Totals>;
};

export function createResourceSampler(job: JobProcesses): ResourceSampler {
  let members: ProcessEntry[] = [];
  let peak = 0;
  // Sums over live processes fall when one of them goes; what has been used stays used.
  let cpu = 0;
  let read = 0;
  let written = 0;
  let childCpuBefore = 0;

  return {
    async sample() {
      const sample: Usage = {
        time: Date.now(),
        cpuSeconds: null,
        memory: null,
        readBytes: null,
        writtenBytes: null,
        diskFree: freeSpace(job.runFolder),
      };
      if (process.platform !== "linux") return sample;
      members = findJobProcesses(job, await listProcesses(), false);
      childCpuBefore = (await ownChildCpu()) ?? childCpuBefore;
      let memory = 0;
      for (const { pid } of members) {
        const status = readProc(pid, "status");
        memory += fieldOf(status, "VmRSS") * 1024;
        peak = Math.max(peak, fieldOf(status, "VmHWM") * 1024);
      }
      peak = Math.max(peak, memory);
      const io = members.map(({ pid }) => readProc(pid, "io"));
      read = Math.max(read, sumOf(io.map((text) => fieldOf(text, "read_bytes"))));
      written = Math.max(written, sumOf(io.map((text) => fieldOf(text, "write_bytes"))));
      cpu = Math.max(
        cpu,
        sumOf(members.map((entry) => (entry.cpuSeconds ?? 0) + (entry.childCpuSeconds ?? 0))),
      );
      return { ...sample, memory, cpuSeconds: cpu, readBytes: read, writtenBytes: written };
    },
    proportionalMemory() {
      const pages = members.flatMap(({ pid }) => readProc(pid, "smaps_rollup") ?? []);
      if (pages.length === 0) return null;
      return sumOf(pages.map((text) => fieldOf(text, "Pss") * 1024));
    },
    async totals() {
      const childCpu = await ownChildCpu();
      if (childCpu === null) return { peakMemory: null, cpuSeconds: null };
      // The kernel adds a process's time to its parent's when it is waited for: exact, and there
      // for jobs that were over before the first sample.
      const cpuSeconds = Math.max(cpu, childCpu - childCpuBefore);
      return { peakMemory: peak === 0 ? null : peak, cpuSeconds };
    },
  };
}

/** Use of the given GPUs by nvidia-smi; nulls where it does not tell. */
export async function sampleGpus(indexes: readonly number[]): Promise<ResourceSample["gpus"]> {
  if (indexes.length === 0) return [];
  let output = "";
  try {
    output = await askNvidiaSmi([
      "--query-gpu=index,utilization.gpu,memory.used,temperature.gpu,power.draw",
      "--format=csv,noheader,nounits",
      `--id=${indexes.join(",")}`,
    ]);
  } catch {
    // No driver or a hanging one: the job may still run, so the sample says null.
  }
  return parseGpuUse(output, indexes);
}

/**
 * Reads lines of index, utilisation (%), memory (MiB), temperature (°C) and power (W); a value such
 * as [N/A], and one that is not there, becomes null.
 */
export function parseGpuUse(output: string, indexes: readonly number[]): ResourceSample["gpus"] {
  const rows = nvidiaRows(output);
  return indexes.map((index) => {
    const row = rows.find(([first]) => first === String(index));
    return {
      index,
      utilisation: nvidiaNumber(row?.[1]),
      memory: nvidiaBytes(row?.[2]),
      temperature: nvidiaNumber(row?.[3]),
      power: nvidiaNumber(row?.[4]),
    };
  });
}

/** CPU time of this process's children that have ended, seconds; null outside Linux. */
async function ownChildCpu(): Promise<number | null> {
  return (await entryOf(process.pid))?.childCpuSeconds ?? null;
}

function readProc(pid: number, name: string): string | null {
  try {
    return readFileSync(`/proc/${String(pid)}/${name}`, "latin1");
  } catch (error) {
    if (isErrno(error)) return null;
    throw error;
  }
}

/** The number after `name:` at the start of a line, 0 when there is none. */
function fieldOf(text: string | null, name: string): number {
  return Number(new RegExp(`^${name}:\\s*(\\d+)`, "m").exec(text ?? "")?.[1] ?? 0);
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function freeSpace(folder: string): number | null {
  try {
    const disk = statfsSync(folder);
    return disk.bavail * disk.bsize;
  } catch (error) {
    if (isErrno(error)) return null;
    throw error;
  }
}
