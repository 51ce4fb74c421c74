import { GauntletError } from "../../shared/errors.ts";
import type { Collected, DatasetRecord } from "../domain/ports.ts";
import type { FailureReason, Verdict } from "../domain/job.ts";
import type { Job } from "../domain/job-spec.ts";
import type { Experiment } from "../../shared/schemas/experiment.ts";
import { jobPriority } from "../domain/priority.ts";
import type { CoreContext } from "./context.ts";
import { looksAsRegistered } from "./dataset-guard.ts";
import { priorityOf, queueEvaluationsOf, subjectOf } from "./evaluations.ts";
import { updateAccuracy } from "./fixed-epsilon.ts";
import { testSpec, verifySpec } from "./job-specs.ts";
import { updateScores } from "./scores.ts";

/**
 * What follows when a job has ended for good: train, then test, then one evaluation per attack,
 * each with its verification. Runs inside the transaction that ends the job, so that no crash can
 * come between a stage and the next. Results are kept in any case; where nothing can follow, because
 * the user asked to stop or the next stage cannot be made, the run or the evaluation ends here.
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
      if (collected?.dataset) afterPack(context, collected.dataset);
      return;
    case "build":
      throw new Error("there are no build jobs yet");
  }
}

function afterPack({ catalog }: CoreContext, dataset: DatasetRecord): void {
  const id = catalog.datasets.add(dataset);
  catalog.events.append("dataset.added", id, { name: dataset.name });
}

function runIdOf(job: Job): string {
  if (!job.runId) throw new Error(`job ${job.id} (${job.stage}) has no run`);
  return job.runId;
}

function evaluationIdOf(job: Job): string {
  if (!job.evaluationId) throw new Error(`job ${job.id} (${job.stage}) has no evaluation`);
  return job.evaluationId;
}

/**
 * Does what follows a stage that succeeded. Where that is refused, as when the dataset's files are
 * gone, all of it is taken back, and the run or the evaluation fails: trying to end the job again
 * would be refused again.
 */
function goOn(context: CoreContext, job: Job, work: () => void): void {
  if (job.stopRequested) {
    finish(context, job, "cancelled", null);
    return;
  }
  try {
    context.catalog.transaction(work);
  } catch (error) {
    if (!(error instanceof GauntletError) || error.retryable) throw error;
    finish(context, job, "failed", `cannot go on after ${job.stage}: ${error.message}`);
  }
}

/** Ends what a job belongs to. */
function finish(
  { catalog }: CoreContext,
  job: Job,
  state: "failed" | "cancelled",
  reason: string | null,
): void {
  if (job.evaluationId)
    catalog.evaluations.setState(job.evaluationId, state, { reason: reason ?? undefined });
  else catalog.runs.finish(runIdOf(job), state, reason);
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
  goOn(context, job, () => {
    if (spec.test) queueTest(context, job, spec.test, tree?.hash ?? null);
    else finishRun(context, runId);
  });
}

function queueTest(
  context: CoreContext,
  job: Job,
  test: NonNullable<Experiment["test"]>,
  modelTree: string | null,
): void {
  const { catalog } = context;
  const run = catalog.runs.get(runIdOf(job));
  const { spec, codeTree } = catalog.experiments.version(run.experimentVersionId);
  const dataset = run.datasetId ? catalog.datasets.get(run.datasetId) : null;
  catalog.jobs.add({
    id: context.newId(),
    runId: run.id,
    runner: job.runner,
    priority: jobPriority("test", run.priority),
    spec: testSpec(spec, test, {
      parameters: run.parameters,
      seed: run.seed,
      codeTree,
      dataset,
      modelTree,
      samples: dataset
        ? context.datasetReader.sampleSet(
            dataset,
            "test",
            Math.min(test.samples, dataset.manifest.splits["test"]?.count ?? 0),
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
  if (verdict.state === "succeeded") goOn(context, job, () => finishRun(context, runId));
  else context.catalog.runs.finish(runId, verdict.state, reasonOf(verdict));
}

/** The run is done; its model goes on to the attacks. */
function finishRun(context: CoreContext, runId: string): void {
  const { catalog } = context;
  catalog.runs.finish(runId, "succeeded", null);
  const run = catalog.runs.get(runId);
  // What the run was made for, and what sweeps want of whose cells it stands for.
  const versions = new Set(run.evaluate ? [run.experimentVersionId] : []);
  for (const sweep of catalog.sweeps.withRun(runId))
    if (sweep.evaluate) versions.add(sweep.experimentVersionId);
  for (const version of versions)
    queueEvaluationsOf(context, runId, catalog.experiments.version(version).spec.evaluate);
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
  goOn(context, job, () => {
    const evaluation = catalog.evaluations.get(id);
    const subject = subjectOf(context, evaluation);
    catalog.jobs.add({
      id: context.newId(),
      evaluationId: id,
      runner: job.runner,
      priority: jobPriority("verify", priorityOf(context, evaluation.modelId)),
      spec: verifySpec(context.folders.installation, subject, collected.files),
    });
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
  updateAccuracy(context, evaluations.get(id));
}
