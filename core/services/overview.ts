import type { Overview } from "../../shared/overview.ts";
import type { CoreContext } from "./context.ts";

/** Queue, slots and machine at a glance; cheap enough to be asked for every few seconds. */
export function overview({ catalog, machine, slots }: CoreContext): Overview {
  const { states, cpus, gpus } = catalog.jobs.unfinished();
  return {
    jobs: {
      queued: states.queued ?? 0,
      starting: states.starting ?? 0,
      running: states.running ?? 0,
      collecting: states.collecting ?? 0,
    },
    slots: {
      cpus: { used: cpus, total: slots.cpus },
      gpus: { used: gpus, total: slots.gpus.length },
    },
    machine: machine(),
    coreMemory: process.memoryUsage.rss(),
    runs: catalog.runs.count(),
  };
}
