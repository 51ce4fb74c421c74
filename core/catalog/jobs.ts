import type { Database } from "better-sqlite3";
import type { Clock, Collected, EngineStore } from "../domain/ports.ts";
import { type FailureReason, type JobState, mayBecome, type Verdict } from "../domain/job.ts";
import type { Attempt, Job, JobSpec } from "../domain/job-spec.ts";
import type { Stage } from "../../shared/schemas/run-folder.ts";
import type { ArtifactCatalog } from "./artifacts.ts";
import { durably } from "./durable.ts";
import type { EventLog } from "./events.ts";
import type { ImageCatalog } from "./images.ts";
import { fromJson, toNullableJson } from "./json.ts";
import type { MetricStore } from "./metrics.ts";
import type { RunValues } from "./run-values.ts";

type JobRow = {
  id: string;
  stage: Stage;
  run_id: string | null;
  evaluation_id: string | null;
  runner: string;
  state: JobState;
  stop_requested: number;
  condition: string | null;
  reason: FailureReason | null;
  raw: string | null;
  attempt: number;
  spec_json: string;
};

const jobColumns = `j.id, j.stage, j.run_id, j.evaluation_id, j.runner, j.state, j.stop_requested,
  j.condition, j.reason, j.raw, j.attempt, j.spec_json`;

function jobFrom(row: JobRow): Job {
  return {
    id: row.id,
    stage: row.stage,
    runId: row.run_id,
    evaluationId: row.evaluation_id,
    runner: row.runner,
    state: row.state,
    stopRequested: row.stop_requested === 1,
    condition: row.condition,
    reason: row.reason,
    raw: row.raw,
    attempt: row.attempt,
    spec: fromJson<JobSpec>(row.spec_json),
  };
}

type AttemptRow = { a_id: number; number: number; folder: string; gpus_json: string };

function attemptFrom(row: AttemptRow, jobId: string): Attempt {
  return {
    id: row.a_id,
    jobId,
    number: row.number,
    folder: row.folder,
    gpus: fromJson(row.gpus_json),
  };
}

/** Called inside the transaction that ends a job for good; queues what comes next. */
export type JobEnded = (job: Job, verdict: Verdict, collected: Collected | null) => void;

/** Jobs and attempts: the durable queue. */
export function createJobCatalog(
  db: Database,
  clock: Clock,
  parts: {
    events: EventLog;
    artifacts: ArtifactCatalog;
    metrics: MetricStore;
    runValues: RunValues;
    images: ImageCatalog;
  },
) {
  const { events, artifacts, metrics, runValues, images } = parts;
  let jobEnded: JobEnded = () => {
    throw new Error("no chain was set");
  };

  const insert = db.prepare(
    `INSERT INTO job (id, stage, run_id, evaluation_id, runner, state, priority, cpus, gpus,
       retries, spec_json, created_at)
     VALUES (@id, @stage, @runId, @evaluationId, @runner, 'queued', @priority, @cpus, @gpus,
       @retries, @spec, @now)`,
  );
  const selectOne = db.prepare<[string], JobRow>(`SELECT ${jobColumns} FROM job j WHERE j.id = ?`);
  const selectQueued = db.prepare<[], JobRow>(
    `SELECT ${jobColumns} FROM job j
     WHERE j.state = 'queued' ORDER BY j.stop_requested DESC, j.priority DESC, j.id LIMIT 64`,
  );
  const selectActive = db.prepare<[], JobRow & AttemptRow>(
    `SELECT ${jobColumns}, a.id AS a_id, a.number, a.folder, a.gpus_json
     FROM job j JOIN attempt a ON a.job_id = j.id AND a.number = j.attempt
     WHERE j.state IN ('starting', 'running', 'collecting')
     ORDER BY j.priority DESC, j.id`,
  );
  const countQueued = db
    .prepare<[], number>("SELECT count(*) FROM job WHERE state = 'queued'")
    .pluck();
  const selectHolding = db.prepare<[], { state: JobState; cpus: number; gpus: string | null }>(
    `SELECT j.state, j.cpus, a.gpus_json AS gpus
     FROM job j LEFT JOIN attempt a ON a.job_id = j.id AND a.number = j.attempt
     WHERE j.state IN ('starting', 'running', 'collecting')`,
  );
  const setState = db.prepare<[JobState, string]>("UPDATE job SET state = ? WHERE id = ?");
  // Nothing ends before it began, even when the clock was set back in between.
  const endJob = db.prepare<[JobState, string | null, string | null, number, string]>(
    `UPDATE job SET state = ?, reason = ?, raw = ?, condition = NULL,
       ended_at = max(?, created_at) WHERE id = ?`,
  );
  const insertAttempt = db.prepare(
    `INSERT INTO attempt (job_id, number, folder, gpus_json, command_json, state, created_at)
     VALUES (?, ?, ?, ?, ?, 'starting', ?)`,
  );
  const bumpAttempt = db.prepare<[number, string]>(
    "UPDATE job SET attempt = ?, state = 'starting', condition = NULL WHERE id = ?",
  );
  const attemptRunning = db.prepare<[number, number]>(
    "UPDATE attempt SET state = 'running', started_at = ? WHERE id = ?",
  );
  const attemptState = db.prepare<[string, number]>("UPDATE attempt SET state = ? WHERE id = ?");
  const endAttempt = db.prepare(
    `UPDATE attempt SET state = @state, reason = @reason, raw = @raw, exit_json = @exit,
       environment_json = @environment, summary_json = @summary, started_at = coalesce(@startedAt, started_at),
       ended_at = max(@endedAt, coalesce(@startedAt, started_at, created_at))
     WHERE id = @id`,
  );
  const condition = db.prepare<[string | null, string]>(
    "UPDATE job SET condition = ? WHERE id = ?",
  );
  const conditions = db.prepare<{ ids: string }, { id: string; text: string }>(
    `SELECT i.value AS id, j.condition AS text FROM json_each(@ids) i JOIN job j ON j.run_id = i.value
     WHERE j.condition IS NOT NULL
     UNION ALL SELECT i.value, j.condition FROM json_each(@ids) i
       JOIN job j ON j.evaluation_id = i.value WHERE j.condition IS NOT NULL`,
  );
  const requestStop = db.prepare<[string]>(
    `UPDATE job SET stop_requested = 1
     WHERE id = ? AND state IN ('queued', 'starting', 'running', 'collecting')`,
  );
  const runStarted = db.prepare<[number, string]>(
    `UPDATE run SET state = 'running', started_at = coalesce(started_at, max(?, created_at))
     WHERE id = ?`,
  );
  const evaluationState = db.prepare<[string, string]>(
    "UPDATE evaluation SET state = ? WHERE id = ? AND state IN ('queued', 'attacking')",
  );

  function find(id: string): Job | undefined {
    const row = selectOne.get(id);
    return row && jobFrom(row);
  }

  function move(job: Job, to: JobState): void {
    if (job.state !== to && !mayBecome(job.state, to))
      throw new Error(`job ${job.id} cannot go from ${job.state} to ${to}`);
    setState.run(to, job.id);
    events.append(`job.${to}`, job.id, { stage: job.stage, run: job.runId });
  }

  function end(job: Job, verdict: Verdict, collected: Collected | null): void {
    const failed = verdict.state === "failed";
    endJob.run(
      verdict.state,
      failed ? verdict.reason : null,
      failed ? verdict.raw : null,
      clock.now(),
      job.id,
    );
    events.append(`job.${verdict.state}`, job.id, {
      stage: job.stage,
      run: job.runId,
      evaluation: job.evaluationId,
      ...(failed ? { reason: verdict.reason } : {}),
    });
    // A stop that was asked for while its results were collected counts too: read it here, where
    // nothing can come between it and the chain.
    jobEnded(find(job.id) ?? job, verdict, collected);
  }

  const endAttemptOf = db.transaction(
    (job: Job, attempt: Attempt, verdict: Verdict, collected: Collected, again: boolean) => {
      const failed = verdict.state === "failed";
      endAttempt.run({
        id: attempt.id,
        state: verdict.state,
        reason: failed ? verdict.reason : null,
        raw: failed ? verdict.raw : null,
        exit: toNullableJson(collected.exit),
        environment: JSON.stringify(collected.environment),
        summary: toNullableJson(collected.summary),
        startedAt: collected.exit?.startedAt ?? null,
        endedAt: collected.exit?.endedAt ?? clock.now(),
      });
      artifacts.addAttemptFiles(attempt.id, collected.files);
      if (again) {
        move({ ...job, state: "collecting" }, "queued");
        return;
      }
      end(job, verdict, collected);
    },
  );

  const engineStore: EngineStore = {
    job: find,
    queued: () => selectQueued.all().map(jobFrom),
    active: () =>
      selectActive.all().map((row) => ({ job: jobFrom(row), attempt: attemptFrom(row, row.id) })),
    beginAttempt: db.transaction((job: Job, folder: string, gpus: number[]) => {
      const number = job.attempt + 1;
      const { lastInsertRowid } = insertAttempt.run(
        job.id,
        number,
        folder,
        JSON.stringify(gpus),
        JSON.stringify(job.spec.command),
        clock.now(),
      );
      bumpAttempt.run(number, job.id);
      if (job.runId) {
        runStarted.run(clock.now(), job.runId);
        // What the attempt before reported does not count any more.
        if (number > 1) runValues.replaceMetrics(job.runId, metrics.summariesOfRun(job.runId));
      }
      if (job.evaluationId && job.stage === "evaluate")
        evaluationState.run("attacking", job.evaluationId);
      events.append("job.starting", job.id, { stage: job.stage, run: job.runId, attempt: number });
      return { id: Number(lastInsertRowid), jobId: job.id, number, folder, gpus };
    }),
    markRunning: db.transaction((job: Job, attempt: Attempt, since: number) => {
      move(job, "running");
      attemptRunning.run(since, attempt.id);
    }),
    markCollecting: db.transaction((job: Job, attempt: Attempt) => {
      if (job.state === "collecting") return;
      move(job, "collecting");
      attemptState.run("collecting", attempt.id);
    }),
    setCondition: db.transaction((job: Job, text: string | null) => {
      condition.run(text, job.id);
      events.append("job.condition", job.id, { condition: text });
    }),
    endQueued: db.transaction((job: Job, verdict: Verdict) => end(job, verdict, null)),
    // The engine removes the attempt's folder next: after a power cut the catalog must not say that
    // it is still to be run.
    endAttempt: (...end) => durably(db, () => endAttemptOf(...end)),
    ingestPosition: (attempt, file) => metrics.position(attempt.id, file),
    appendMetrics: (attempt, batch, position) => metrics.append(attempt.id, batch, position),
    packMetrics: (attempt) => metrics.pack(attempt.id),
    appendResources: (attempt, samples, position) =>
      metrics.appendResources(attempt.id, samples, position),
    treeFiles: (hash) => artifacts.tree(hash),
    filesOf: (jobId, attempt) => artifacts.attemptFiles(jobId, attempt),
    hasContents: images.has,
    keepContents: images.keep,
  };

  return {
    engineStore,
    /** What follows a job's end; set once, when the core is wired together. */
    onJobEnded(handler: JobEnded): void {
      jobEnded = handler;
    },
    add(job: {
      id: string;
      runId?: string;
      evaluationId?: string;
      runner: string;
      priority: number;
      spec: JobSpec;
    }): void {
      const { spec } = job;
      insert.run({
        id: job.id,
        stage: spec.stage,
        runId: job.runId ?? null,
        evaluationId: job.evaluationId ?? null,
        runner: job.runner,
        priority: job.priority,
        cpus: spec.resources.cpus,
        gpus: spec.resources.gpus,
        retries: spec.retries,
        spec: JSON.stringify(spec),
        now: clock.now(),
      });
      events.append("job.queued", job.id, {
        stage: spec.stage,
        run: job.runId ?? null,
        evaluation: job.evaluationId ?? null,
      });
    },
    get: find,
    /** What holds up jobs, by the run or evaluation that they are of; only of those asked about. */
    conditions(ids: readonly string[]): Map<string, string> {
      const rows = conditions.all({ ids: JSON.stringify(ids) });
      return new Map(rows.map(({ id, text }) => [id, text]));
    },
    /** Jobs that have not ended, and the processors and GPUs that those under way hold. */
    unfinished(): { states: Partial<Record<JobState, number>>; cpus: number; gpus: number } {
      const states: Partial<Record<JobState, number>> = { queued: countQueued.get() ?? 0 };
      let cpus = 0;
      // Several jobs may share one.
      const gpus = new Set<number>();
      for (const row of selectHolding.all()) {
        states[row.state] = (states[row.state] ?? 0) + 1;
        if (row.state === "collecting") continue; // its program has ended
        cpus += row.cpus;
        for (const gpu of row.gpus === null ? [] : fromJson<number[]>(row.gpus)) gpus.add(gpu);
      }
      return { states, cpus, gpus: gpus.size };
    },
    /** Asks a job to end; true when it had not ended yet. */
    requestStop(id: string): boolean {
      if (requestStop.run(id).changes === 0) return false;
      events.append("job.stop-requested", id);
      return true;
    },
  };
}
