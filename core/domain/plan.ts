import {
  type ExitRecord,
  failureReasons,
  type FailureReason,
  type Verdict,
  verdictOf,
} from "./job.ts";
import { createGpuSlots } from "./gpu-slots.ts";
import type { Attempt, Job } from "./job-spec.ts";
import type { Observation } from "./ports.ts";

/** Who uses GPUs besides jobs, in words, by the GPU's index. */
export type ForeignUsers = ReadonlyMap<number, string>;

/** What this machine offers to jobs. */
export type Slots = { cpus: number; gpus: number[] };

export type Active = {
  job: Job;
  attempt: Attempt;
  observation: Observation;
  /** What holds the job up, though it is being looked after; null when all is well. */
  trouble: string | null;
};

export type Action =
  | { kind: "begin"; job: Job; gpus: number[] }
  | { kind: "launch"; job: Job; attempt: Attempt }
  | { kind: "mark-running"; job: Job; attempt: Attempt; since: number }
  | { kind: "stop"; job: Job; attempt: Attempt }
  | { kind: "collect"; job: Job; attempt: Attempt; verdict: Verdict; exit: ExitRecord | null }
  | { kind: "set-condition"; job: Job; condition: string | null }
  | { kind: "cancel-queued"; job: Job }
  | { kind: "refuse"; job: Job; reason: FailureReason; raw: string };

/**
 * One idempotent action per job that moves what is observed towards what is wanted. Pure: the
 * same input gives the same plan. `queued` is in the order of priority; `working` false lets what
 * runs go on but starts nothing new. `foreign` tells who else uses GPUs, by index; null while that
 * is not known, when no job is given one.
 */
export function plan(input: {
  queued: readonly Job[];
  active: readonly Active[];
  slots: Slots;
  foreign: ForeignUsers | null;
  working: boolean;
}): Action[] {
  return [...input.active.flatMap(planActive), ...planQueued(input)];
}

function planActive({ job, attempt, observation, trouble }: Active): Action[] {
  switch (observation.kind) {
    case "unreachable":
      return job.condition === observation.detail
        ? []
        : [{ kind: "set-condition", job, condition: observation.detail }];
    case "ended":
      return [
        {
          kind: "collect",
          job,
          attempt,
          verdict: verdictOf(observation.exit),
          exit: observation.exit,
        },
      ];
    case "lost":
      // A job that was asked to stop and is gone did what was asked.
      return [
        {
          kind: "collect",
          job,
          attempt,
          verdict: job.stopRequested ? { state: "cancelled" } : lost(observation.detail),
          exit: null,
        },
      ];
    case "absent":
      if (job.stopRequested)
        return [{ kind: "collect", job, attempt, verdict: { state: "cancelled" }, exit: null }];
      // The engine died between its decision and the launch; nothing was started yet.
      if (job.state === "starting") return [{ kind: "launch", job, attempt }];
      // It ran, and its folder is gone. Whether that was by accident or by design: not twice.
      return [{ kind: "collect", job, attempt, verdict: lost("its folder is gone"), exit: null }];
    case "starting": {
      if (job.stopRequested) return [{ kind: "stop", job, attempt }];
      const condition = observation.doing ?? trouble;
      return job.condition === condition ? [] : [{ kind: "set-condition", job, condition }];
    }
    case "running": {
      const actions: Action[] = [];
      if (job.condition !== trouble)
        actions.push({ kind: "set-condition", job, condition: trouble });
      if (job.state === "starting")
        actions.push({ kind: "mark-running", job, attempt, since: observation.since });
      if (job.stopRequested) actions.push({ kind: "stop", job, attempt });
      return actions;
    }
  }
}

function lost(raw: string): Verdict {
  return { state: "failed", reason: "lost", raw };
}

function planQueued({
  queued,
  active,
  slots,
  foreign,
  working,
}: Parameters<typeof plan>[0]): Action[] {
  const actions: Action[] = [];
  const gpuSlots = createGpuSlots(slots.gpus, active, foreign ?? new Map());
  let cpusFree = slots.cpus;
  for (const { job } of active) cpusFree -= cpusOf(job, slots);
  // A large job at the head must not starve behind small ones that keep overtaking it.
  let blocked = false;
  for (const job of queued) {
    if (job.stopRequested) {
      actions.push({ kind: "cancel-queued", job });
      continue;
    }
    const { resources } = job.spec;
    const { gpus } = resources;
    if (gpus > slots.gpus.length) {
      const raw = `asks for ${gpus} GPUs; this machine has ${slots.gpus.length}`;
      actions.push({ kind: "refuse", job, reason: "unschedulable", raw });
      continue;
    }
    if (!working) continue;
    const cpus = cpusOf(job, slots);
    // Who uses the GPUs is being asked: nothing overtakes the job meanwhile.
    if (gpus > 0 && foreign === null) blocked = true;
    const given = gpuSlots.find(resources);
    if (blocked || given === null || cpus > cpusFree) {
      const others = gpus > 0 ? gpuSlots.ofOthers(resources) : [];
      const condition = given === null ? gpuCondition(others, foreign) : null;
      // Who stands behind another waits for that one; what is no longer so is taken back.
      if (foreign !== null && (!blocked || condition === null))
        actions.push(...conditionOf(job, condition));
      // No end of a job helps who waits for another program, for days perhaps: others go on.
      if (gpus <= slots.gpus.length - others.length) blocked = true;
      continue;
    }
    cpusFree -= cpus;
    gpuSlots.take(given, resources);
    actions.push({ kind: "begin", job, gpus: given });
  }
  return actions;
}

/** The GPUs that jobs hold, by index. */
export function heldGpus(active: readonly { attempt: Attempt }[]): Set<number> {
  return new Set(active.flatMap(({ attempt }) => attempt.gpus));
}

const waitsForGpu = "waits for a GPU: ";

/** Sets or takes back what a job says of GPUs; any other condition is not the plan's to take back. */
function conditionOf(job: Job, condition: string | null): Action[] {
  const ours = condition !== null || job.condition?.startsWith(waitsForGpu) === true;
  return ours && job.condition !== condition ? [{ kind: "set-condition", job, condition }] : [];
}

/** Why a job waits, where others use GPUs; null where only jobs of ours do. */
function gpuCondition(others: readonly number[], foreign: ForeignUsers | null): string | null {
  if (others.length === 0) return null;
  const users = others.map((gpu) => `GPU ${gpu} by ${foreign?.get(gpu) ?? "others"}`);
  return `${waitsForGpu}in use by other programs are ${users.join(", ")}`;
}

/** A job that asks for more CPUs than there are runs alone rather than never. */
function cpusOf(job: Job, slots: Slots): number {
  return Math.min(job.spec.resources.cpus, slots.cpus);
}

/** Whether a job that ended like this is tried again, and after how many attempts no more. */
export function isRetried(job: Job, verdict: Verdict): boolean {
  if (verdict.state !== "failed" || job.stopRequested) return false;
  if (!failureReasons[verdict.reason].retryable) return false;
  // A lost attempt is no fault of the program: it has one more try even where none was asked for.
  const allowed = verdict.reason === "lost" ? Math.max(1, job.spec.retries) : job.spec.retries;
  return job.attempt <= allowed;
}
