import {
  availableParallelism,
  cpus,
  freemem,
  hostname,
  platform,
  release,
  totalmem,
} from "node:os";

export type MachineLoad = {
  name: string;
  platform: string;
  /** `used`: processors busy on average since the last look; null at the first. */
  cpus: { used: number | null; total: number };
  /** Bytes. */
  memory: { used: number; total: number };
};

/** Looks closer together than this are told the same, ms. */
const shortest = 500;

/** A meter of this machine. Each look tells of the time since the one before. */
export function createMachineMeter(now: () => number): () => MachineLoad {
  let before = readTimes();
  let lookedAt = now();
  let used: number | null = null;
  return () => {
    if (now() - lookedAt >= shortest) {
      const times = readTimes();
      const passed = times.all - before.all;
      const share = passed > 0 ? (times.busy - before.busy) / passed : 0;
      used = share * availableParallelism();
      before = times;
      lookedAt = now();
    }
    return {
      name: hostname(),
      platform: `${platform()} ${release()}`,
      cpus: { used, total: availableParallelism() },
      memory: { used: totalmem() - freemem(), total: totalmem() },
    };
  };
}

/** Milliseconds of all processors since the start. */
function readTimes(): { busy: number; all: number } {
  let busy = 0;
  let all = 0;
  for (const { times } of cpus()) {
    const sum = times.user + times.nice + times.sys + times.irq + times.idle;
    all += sum;
    busy += sum - times.idle;
  }
  return { busy, all };
}
