import { attackLabel } from "../../shared/schemas/attack.ts";
import type { Progress } from "../../shared/views.ts";
import { isTerminal } from "../domain/job.ts";
import type { CoreContext } from "./context.ts";

/** How far runs are, with the evaluations of their models, and further evaluations. */
export function progressOf(
  { catalog, engine }: CoreContext,
  runIds: readonly string[],
  evaluationIds: readonly string[],
): Progress {
  const conditionOf = (jobId: string) =>
    engine.conditionOf(jobId) ?? catalog.jobs.get(jobId)?.condition ?? null;
  const ids = new Set(evaluationIds);
  const runs = runIds.map((id): Progress["runs"][number] => {
    const run = catalog.runs.get(id);
    const model = catalog.models.ofRun(id);
    if (model)
      for (const evaluation of catalog.evaluations.ofModel(model.id)) ids.add(evaluation.id);
    const open = catalog.runs.jobs(id).find((job) => !isTerminal(job.state));
    const { name, label, state, reason, startedAt, endedAt } = run;
    return {
      id,
      name,
      label,
      state,
      reason,
      stage: open?.stage ?? null,
      jobState: open?.state ?? null,
      condition: open ? conditionOf(open.id) : null,
      summary: run.summary ?? {},
      startedAt,
      endedAt,
    };
  });
  const evaluations = [...ids].map((id): Progress["evaluations"][number] => {
    const { modelId, attackId, state, reason } = catalog.evaluations.get(id);
    const open = catalog.runs.jobs(id).find((job) => !isTerminal(job.state));
    return {
      id,
      model: catalog.models.get(modelId).name,
      attack: attackLabel(catalog.attacks.get(attackId).definition),
      state,
      reason,
      condition: open ? conditionOf(open.id) : null,
    };
  });
  const done =
    runs.every(({ state }) => ["succeeded", "failed", "cancelled"].includes(state)) &&
    evaluations.every(({ state }) => ["verified", "failed", "cancelled"].includes(state));
  return { runs, evaluations, done };
}

/** Runs and evaluations that have not ended. */
export function unfinished({ catalog }: CoreContext): { runs: string[]; evaluations: string[] } {
  return { runs: catalog.runs.unfinished(), evaluations: catalog.evaluations.unfinished() };
}
