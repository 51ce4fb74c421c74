/** How far the demo is, told from its runs. */
import type { EvaluationView, RunDetail } from "../../../shared/views.ts";
import type { StateName } from "../../ui/state.tsx";

export type Step = { title: string; done: number; of: number; state: StateName };

/** The attacks that every model goes through, until the first evaluations name them. */
const attacksExpected = 5;

/** Train, test, attack, score: how many of each are done, and whether the step is under way. */
export function stepsOf(runs: readonly RunDetail[], cells: number, ranked: number): Step[] {
  const attacks = Math.max(attacksExpected, ...runs.map(({ evaluations }) => evaluations.length));
  const evaluations = runs.flatMap((run) => run.evaluations);
  const done = (stage: string) => runs.filter((run) => hasPassed(run, stage)).length;
  const isNow = (stage: string) =>
    runs.some(({ attempts }) =>
      attempts.some((attempt) => attempt.stage === stage && isUnderWay(attempt.state)),
    );
  const attacked = evaluations.filter(({ state }) => state === "verified").length;
  const attacking = evaluations.some(({ state }) => state === "attacking" || state === "verifying");
  const step = (title: string, count: number, of: number, underWay: boolean): Step => ({
    title,
    done: count,
    of,
    state: count >= of ? "succeeded" : underWay ? "running" : "queued",
  });
  return [
    step("Train", done("train"), cells, isNow("train")),
    step("Test", done("test"), cells, isNow("test")),
    step("Attack and verify", attacked, cells * attacks, attacking),
    step("Score", ranked, cells, false),
  ];
}

function isUnderWay(state: string): boolean {
  return state === "starting" || state === "running" || state === "collecting";
}

function hasPassed({ attempts }: RunDetail, stage: string): boolean {
  return attempts.some((attempt) => attempt.stage === stage && attempt.state === "succeeded");
}

/** Whether nothing more will happen to any of these runs by itself. */
export function isOver(runs: readonly RunDetail[], cells: number): boolean {
  return (
    runs.length === cells &&
    runs.every(
      ({ state, evaluations }) =>
        state !== "queued" && state !== "running" && evaluations.every(hasEnded),
    )
  );
}

function hasEnded({ state }: EvaluationView): boolean {
  return state === "verified" || state === "failed" || state === "cancelled";
}

/** The attack with the smallest median distance: the one that the score comes to. */
export function weakestGate(evaluations: readonly EvaluationView[]): string | null {
  let weakest: { attack: string; median: number } | null = null;
  for (const { attack, facts } of evaluations) {
    const median = facts?.median ?? null;
    if (median !== null && (weakest === null || median < weakest.median))
      weakest = { attack, median };
  }
  return weakest?.attack ?? null;
}
