import {
  type ExitRecord,
  failureReasons,
  type FailureReason,
  type Verdict,
  verdictOf,
} from "./job.ts";
import type { Attempt, Job } from "./job-spec.ts";
import type { Observation } from "./ports.ts";

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
 * runs go on but starts nothing new.
 */
export function plan(input: {
  queued: readonly Job[];
  active: readonly Active[];
  slots: Slots;
  working: boolean;
}): Action[] {
  const actions = input.active.flatMap(planActive);
  return [...actions, ...planQueued(input.queued, input.active, input.slots, input.working)];
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
    case "starting":
      return job.stopRequested ? [{ kind: "stop", job, attempt }] : [];
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

function planQueued(
  queued: readonly Job[],
  active: readonly Active[],
  slots: Slots,
  working: boolean,
): Action[] {
  const actions: Action[] = [];
  const gpusTaken = new Set(active.flatMap(({ attempt }) => attempt.gpus));
  const gpusFree = slots.gpus.filter((gpu) => !gpusTaken.has(gpu));
  let cpusFree = slots.cpus;
  for (const { job } of active) cpusFree -= cpusOf(job, slots);
  // A large job at the head must not starve behind small ones that keep overtaking it.
  let blocked = false;
  for (const job of queued) {
    if (job.stopRequested) {
      actions.push({ kind: "cancel-queued", job });
      continue;
    }
    const { gpus } = job.spec.resources;
    if (gpus > slots.gpus.length) {
      const raw = `asks for ${gpus} GPUs; this machine has ${slots.gpus.length}`;
      actions.push({ kind: "refuse", job, reason: "unschedulable", raw });
      continue;
    }
    if (!working || blocked) continue;
    const cpus = cpusOf(job, slots);
    if (cpus > cpusFree || gpus > gpusFree.length) {
      blocked = true;
      continue;
    }
    cpusFree -= cpus;
    actions.push({ kind: "begin", job, gpus: gpusFree.splice(0, gpus) });
  }
  return actions;
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
