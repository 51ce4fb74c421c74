import type { GpuReport } from "../../shared/overview.ts";
import { heldGpus } from "../domain/plan.ts";
import { listAmdGpus } from "../platform/amd-gpus.ts";
import { isForeign, listGpuProcesses, programOf } from "../platform/gpu-processes.ts";
import { cudaVersion, listGpus } from "../platform/gpus.ts";
import type { CoreContext } from "./context.ts";

/** The GPUs of this machine as their driver tells them, and which processes are no jobs of ours. */
export async function gpuReport({ catalog, folders }: CoreContext): Promise<GpuReport> {
  const [gpus, processes] = await Promise.all([listGpus(), listGpuProcesses(folders.jobs)]);
  const [first] = gpus;
  if (!first) return { gpus: [], cuda: null, absent: absence(await listAmdGpus()) };
  const held = heldGpus(catalog.jobs.engineStore.active());
  return {
    gpus: gpus.map(({ uuid, utilisation, ...gpu }) => ({
      ...gpu,
      utilisation: utilisation === null ? null : utilisation / 100,
      processes: (processes ?? [])
        .filter((entry) => entry.uuid === uuid)
        .map((entry) => ({
          pid: entry.pid,
          name: programOf(entry),
          memory: entry.memory,
          foreign: isForeign(entry, held.has(gpu.index)),
        })),
    })),
    cuda: await cudaVersion(first.driver),
    absent: null,
  };
}

function absence(amd: readonly string[]): string {
  if (amd.length === 0) return "no NVIDIA GPU answers (nvidia-smi)";
  return `no NVIDIA GPU answers (nvidia-smi); ${amd.join(", ")} ${amd.length === 1 ? "is" : "are"} there, but AMD's GPUs are given to no job`;
}
