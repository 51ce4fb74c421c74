import type { Stage } from "../../shared/schemas/run-folder.ts";

/**
 * Within one priority, what has begun is brought to its end before something new starts;
 * evaluations go in the order of submission, so that a sweep trains first, which packs slots best.
 */
const ofStage: Record<Stage, number> = {
  train: 0,
  evaluate: 0,
  build: 0,
  test: 1,
  pack: 2,
  verify: 3,
};

/** The place of a job in the queue: by the priority that the user gave, then by stage. */
export function jobPriority(stage: Stage, given: number): number {
  return given * 10 + ofStage[stage];
}
