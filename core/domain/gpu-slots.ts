import type { Resources } from "../../shared/schemas/experiment.ts";
import type { Attempt, Job } from "./job-spec.ts";

type Wanted = Pick<Resources, "gpus" | "gpu_share">;

/** Shares are decimal fractions, which do not add up exactly. */
const rounding = 1e-9;

/**
 * The GPUs of this machine as jobs hold them: one alone, or several a share of one each, up to the
 * whole. A job that asks for no share never meets another, and nobody meets other programs.
 * @param gpus their indexes
 * @param others GPUs that other programs use
 */
export function createGpuSlots(
  gpus: readonly number[],
  active: readonly { job: Job; attempt: Attempt }[],
  others: { has(gpu: number): boolean },
) {
  /** By index, what jobs hold of it, 0 to 1. */
  const held = new Map<number, number>();
  const add = (gpu: number, share: number) => held.set(gpu, (held.get(gpu) ?? 0) + share);
  for (const { job, attempt } of active)
    for (const gpu of attempt.gpus) add(gpu, job.spec.resources.gpu_share ?? 1);

  /** Those with room for such a job; of shared ones the fullest first, so that others stay whole. */
  function withRoom({ gpu_share: share }: Wanted): number[] {
    const used = (gpu: number) => held.get(gpu) ?? 0;
    if (share === undefined) return gpus.filter((gpu) => used(gpu) === 0);
    return gpus
      .filter((gpu) => used(gpu) + share <= 1 + rounding)
      .toSorted((a, b) => used(b) - used(a));
  }

  return {
    /** GPUs for the job, none where it wants none; null where there are not enough. */
    find(wanted: Wanted): number[] | null {
      const free = withRoom(wanted).filter((gpu) => !others.has(gpu));
      return free.length < wanted.gpus ? null : free.slice(0, wanted.gpus);
    },
    take(taken: readonly number[], { gpu_share: share = 1 }: Wanted): void {
      for (const gpu of taken) add(gpu, share);
    },
    /** Those that would do, were there no other programs on them. */
    ofOthers: (wanted: Wanted): number[] =>
      withRoom(wanted)
        .filter((gpu) => others.has(gpu))
        .toSorted((a, b) => a - b),
  };
}
