import type { Collected } from "../domain/ports.ts";
import type { FailureReason, Verdict } from "../domain/job.ts";
import type { Job } from "../domain/job-spec.ts";
import { jobPriority } from "../domain/priority.ts";
import type { CoreContext } from "./context.ts";
import { looksAsRegistered } from "./dataset-guard.ts";
import { priorityOf, queueEvaluationsOf, subjectOf } from "./evaluations.ts";
import { testSpec, verifySpec } from "./job-specs.ts";
import { updateScores } from "./scores.ts";

/**
 * What follows when a job has ended for good: train, then test, then one evaluation per attack,
 * each with its verification. Runs inside the transaction that ends the job, so that no crash can
 * come between a stage and the next.
 */
export function continueChain(
  context: CoreContext,
  job: Job,
  verdict: Verdict,
  collected: Collected | null,
): void {
  switch (job.stage) {
    case "train":
      afterTrain(context, job, verdict, collected);
      return;
    case "test":
      afterTest(context, job, verdict, collected);
      return;
    case "evaluate":
      afterEvaluate(context, job, verdict, collected);
      return;
    case "verify":
      afterVerify(context, job, verdict, collected);
      return;
    case "pack":
      if (collected?.dataset) context.catalog.datasets.add(collected.dataset);
      return;
    case "build":
      throw new Error("there are no build jobs yet");
  }
}

function runIdOf(job: Job): string {
  if (!job.runId) throw new Error(`job ${job.id} (${job.stage}) has no run`);
  return job.runId;
}

function evaluationIdOf(job: Job): string {
  if (!job.evaluationId) throw new Error(`job ${job.id} (${job.stage}) has no evaluation`);
  return job.evaluationId;
}

function reasonOf(verdict: Verdict): string | null {
  return verdict.state === "failed" ? verdict.reason : null;
}

function afterTrain(
  context: CoreContext,
  job: Job,
  verdict: Verdict,
  collected: Collected | null,
): void {
  const { catalog } = context;
  const runId = runIdOf(job);
  catalog.runs.addSummary(runId, collected?.summary ?? null);
  if (verdict.state !== "succeeded") {
    catalog.runs.finish(runId, verdict.state, reasonOf(verdict));
    return;
  }
  const run = catalog.runs.get(runId);
  const { spec, codeTree } = catalog.experiments.version(run.experimentVersionId);
  const tree = collected?.model ?? null;
  if (tree)
    catalog.models.add({
      name: run.name,
      runId,
      tree,
      codeTree,
      interface: spec.model ?? null,
      datasetId: run.datasetId,
    });
  if (!spec.test) {
    finishRun(context, runId);
    return;
  }
  const dataset = run.datasetId ? catalog.datasets.get(run.datasetId) : null;
  catalog.jobs.add({
    id: context.newId(),
    runId,
    runner: job.runner,
    priority: jobPriority("test", run.priority),
    spec: testSpec(spec, spec.test, {
      parameters: run.parameters,
      seed: run.seed,
      codeTree,
      dataset,
      modelTree: tree?.hash ?? null,
      samples: dataset
        ? context.datasetReader.sampleSet(
            dataset,
            "test",
            Math.min(spec.test.samples, dataset.manifest.splits["test"]?.count ?? 0),
          )
        : undefined,
    }),
  });
}

function afterTest(
  context: CoreContext,
  job: Job,
  verdict: Verdict,
  collected: Collected | null,
): void {
  const runId = runIdOf(job);
  context.catalog.runs.addSummary(runId, collected?.summary ?? null);
  if (verdict.state === "succeeded") finishRun(context, runId);
  else context.catalog.runs.finish(runId, verdict.state, reasonOf(verdict));
}

/** The run is done; its model goes on to the attacks. */
function finishRun(context: CoreContext, runId: string): void {
  const { catalog } = context;
  catalog.runs.finish(runId, "succeeded", null);
  const run = catalog.runs.get(runId);
  if (!run.evaluate) return;
  const { spec } = catalog.experiments.version(run.experimentVersionId);
  queueEvaluationsOf(context, runId, spec.evaluate);
}

function afterEvaluate(
  context: CoreContext,
  job: Job,
  verdict: Verdict,
  collected: Collected | null,
): void {
  const { catalog } = context;
  const id = evaluationIdOf(job);
  if (verdict.state !== "succeeded" || !collected) {
    catalog.evaluations.setState(id, verdict.state === "cancelled" ? "cancelled" : "failed", {
      reason: reasonOf(verdict) ?? undefined,
      summary: collected?.summary,
    });
    return;
  }
  catalog.evaluations.setState(id, "verifying", { summary: collected.summary });
  const evaluation = catalog.evaluations.get(id);
  catalog.jobs.add({
    id: context.newId(),
    evaluationId: id,
    runner: job.runner,
    priority: jobPriority("verify", priorityOf(context, evaluation.modelId)),
    spec: verifySpec(context.folders.installation, subjectOf(context, evaluation), collected.files),
  });
}

function afterVerify(
  context: CoreContext,
  job: Job,
  verdict: Verdict,
  collected: Collected | null,
): void {
  const { datasets, evaluations } = context.catalog;
  const id = evaluationIdOf(job);
  if (verdict.state !== "succeeded" || !collected) {
    evaluations.setState(id, verdict.state === "cancelled" ? "cancelled" : "failed", {
      reason: reasonOf(verdict) ?? undefined,
    });
    return;
  }
  const { datasetId } = evaluations.threatModel(evaluations.get(id).threatModelId);
  if (!looksAsRegistered(datasets.get(datasetId))) {
    const reason: FailureReason = "dataset-changed";
    evaluations.setState(id, "failed", { reason });
    return;
  }
  evaluations.replaceOutcomes(id, collected.outcomes);
  evaluations.setState(id, "verified");
  updateScores(context, evaluations.get(id));
}
