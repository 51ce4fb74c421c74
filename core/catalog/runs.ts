import type { Database } from "better-sqlite3";
import type { Annotation } from "../../shared/annotations.ts";
import type { ParameterValue } from "../../shared/schemas/scalars.ts";
import type { Clock } from "../domain/ports.ts";
import type { ExitRecord, FailureReason, JobState } from "../domain/job.ts";
import type { JobSpec } from "../domain/job-spec.ts";
import type { Stage } from "../../shared/schemas/run-folder.ts";
import { configKey } from "./config-key.ts";
import type { EventLog } from "./events.ts";
import { contentsColumns, contentsOf, type ContentsRow } from "./images.ts";
import { fromJson, fromNullableJson } from "./json.ts";
import type { RunValues } from "./run-values.ts";

export type RunState = "queued" | "running" | "succeeded" | "failed" | "cancelled";

export type CatalogRun = Annotation & {
  id: string;
  name: string;
  experiment: string;
  experimentVersionId: string;
  version: number;
  sweepId: string | null;
  /** What sets this run apart within its sweep; empty for a single run. */
  label: string;
  /** The same for runs of the same parameters and seed. */
  pointKey: string;
  parameters: Record<string, ParameterValue>;
  seed: number;
  datasetId: string | null;
  evaluate: boolean;
  /** Runs with a larger number start first. */
  priority: number;
  state: RunState;
  reason: string | null;
  summary: Record<string, unknown> | null;
  createdAt: number;
  startedAt: number | null;
  endedAt: number | null;
};

export type CatalogAttempt = {
  id: number;
  jobId: string;
  stage: Stage;
  number: number;
  state: JobState;
  reason: FailureReason | null;
  raw: string | null;
  folder: string;
  /** What the job asked to run in; null for this machine itself. */
  container: NonNullable<JobSpec["container"]> | null;
  command: string[];
  gpus: number[];
  environment: Record<string, unknown> | null;
  exit: ExitRecord | null;
  badLines: number;
  createdAt: number;
  startedAt: number | null;
  endedAt: number | null;
};

/** Six letters or more of those that ids are made of. */
const idEnd = /^[0-9A-Z]{6,}$/;

type Filter = { state: string | null; experiment: string | null };

type RunRow = Omit<CatalogRun, "parameters" | "evaluate" | "summary" | "starred" | "tags"> & {
  parameters_json: string;
  evaluate: number;
  summary_json: string | null;
  starred: number;
  tags: string | null;
};

type AttemptRow = Omit<CatalogAttempt, "container" | "command" | "gpus" | "environment" | "exit"> &
  ContentsRow & {
    container_json: string | null;
    command_json: string;
    gpus_json: string;
    environment_json: string | null;
    exit_json: string | null;
  };

const runColumns = `r.id, r.name, e.name AS experiment, r.experiment_version_id AS experimentVersionId,
  v.number AS version, r.sweep_id AS sweepId, r.label, r.point_key AS pointKey, r.parameters_json, r.seed,
  r.dataset_id AS datasetId, r.evaluate, r.priority, r.state, r.reason, r.summary_json,
  r.starred, r.notes, r.tags,
  r.created_at AS createdAt, r.started_at AS startedAt, r.ended_at AS endedAt`;
const runFrom = `FROM run r JOIN experiment_version v ON v.id = r.experiment_version_id
  JOIN experiment e ON e.id = v.experiment_id`;

function runOf({
  parameters_json,
  summary_json,
  evaluate,
  starred,
  tags,
  ...row
}: RunRow): CatalogRun {
  return {
    ...row,
    parameters: fromJson(parameters_json),
    evaluate: evaluate === 1,
    starred: starred === 1,
    tags: tagsOf(tags),
    summary: fromNullableJson(summary_json),
  };
}

/** The tags of a run as they stand in its row. */
export function tagsOf(written: string | null): string[] {
  return written === null ? [] : written.split(" ");
}

/** What was found in an attempt's image stands where a process has its machine's. */
function attemptOf({
  container_json,
  command_json,
  gpus_json,
  environment_json,
  exit_json,
  image_runtime,
  image_cuda,
  image_packages,
  ...row
}: AttemptRow): CatalogAttempt {
  const environment = fromNullableJson<Record<string, unknown>>(environment_json);
  const contents = contentsOf({ image_runtime, image_cuda, image_packages });
  return {
    ...row,
    container: fromNullableJson(container_json),
    command: fromJson(command_json),
    gpus: fromJson(gpus_json),
    environment: environment && { ...environment, ...contents },
    exit: fromNullableJson(exit_json),
  };
}

/** Runs, their sweeps and what happened in their attempts. */
export function createRunCatalog(
  db: Database,
  clock: Clock,
  newId: () => string,
  events: EventLog,
  values: RunValues,
) {
  const insert = db.prepare(
    `INSERT INTO run (id, name, experiment_version_id, sweep_id, label, config_key, point_key,
       parameters_json, seed, dataset_id, evaluate, priority, state, created_at)
     VALUES (@id, @name, @experimentVersionId, @sweepId, @label, @configKey, @pointKey, @parameters,
       @seed, @datasetId, @evaluate, @priority, 'queued', @now)`,
  );
  const experimentOf = db
    .prepare<[string], string>("SELECT experiment_id FROM experiment_version WHERE id = ?")
    .pluck();
  const byId = db.prepare<[string], RunRow>(`SELECT ${runColumns} ${runFrom} WHERE r.id = ?`);
  const search = db.prepare<{ name: string; id: string }, RunRow>(
    `SELECT ${runColumns} ${runFrom}
     WHERE r.no IN (SELECT no FROM run WHERE name = @name
       UNION SELECT no FROM run WHERE @id <> '' AND substr(id, -length(@id)) = @id)
     ORDER BY r.no DESC LIMIT 10`,
  );
  const page = db.prepare<Filter & { limit: number; offset: number }, RunRow>(
    `SELECT ${runColumns} ${runFrom}
     WHERE (@state IS NULL OR r.state = @state) AND (@experiment IS NULL OR e.name = @experiment)
     ORDER BY r.no DESC LIMIT @limit OFFSET @offset`,
  );
  const countAll = db.prepare<[], number>("SELECT count(*) FROM run").pluck();
  const count = db.prepare<Filter, { total: number }>(
    `SELECT count(*) AS total ${runFrom}
     WHERE (@state IS NULL OR r.state = @state) AND (@experiment IS NULL OR e.name = @experiment)`,
  );
  const named = db.prepare<[string], { no: number }>("SELECT no FROM run WHERE name = ? LIMIT 1");
  const finish = db.prepare<[RunState, string | null, number, string]>(
    `UPDATE run SET state = ?, reason = ?, ended_at = max(?, coalesce(started_at, created_at))
     WHERE id = ?`,
  );
  const addSummary = db
    .prepare<[string | null, string], string>(
      `UPDATE run SET summary_json = json_patch(coalesce(summary_json, '{}'), ?) WHERE id = ?
       RETURNING summary_json`,
    )
    .pluck();
  const attempts = db.prepare<{ id: string }, AttemptRow>(
    `SELECT a.id, a.job_id AS jobId, j.stage, a.number, a.state, a.reason, a.raw, a.folder,
       j.spec_json -> 'container' AS container_json, a.command_json, a.gpus_json, a.environment_json, a.exit_json, a.bad_lines AS badLines,
       a.created_at AS createdAt, a.started_at AS startedAt, a.ended_at AS endedAt, ${contentsColumns}
     FROM attempt a JOIN job j ON j.id = a.job_id
       LEFT JOIN image_contents i ON i.image_id = a.environment_json ->> '$.container.imageId'
     WHERE j.run_id = @id OR j.evaluation_id = @id
     ORDER BY a.id`,
  );
  const jobs = db.prepare<{ id: string }, { id: string; stage: Stage; state: JobState }>(
    "SELECT id, stage, state FROM job WHERE run_id = @id OR evaluation_id = @id ORDER BY id",
  );
  const files = db.prepare<[number], { path: string; sha256: string; size: number }>(
    "SELECT path, sha256, size FROM attempt_file WHERE attempt_id = ? ORDER BY path",
  );
  const unfinished = db.prepare<[], { id: string }>(
    "SELECT id FROM run WHERE state IN ('queued', 'running') ORDER BY id",
  );
  const remove = db.prepare<[string]>("DELETE FROM run WHERE id = ?");
  const annotate = db.prepare<[number, string | null, string | null, string]>(
    "UPDATE run SET starred = ?, notes = ?, tags = ? WHERE id = ?",
  );

  return {
    add(run: {
      name: string;
      experimentVersionId: string;
      sweepId: string | null;
      label: string;
      pointKey: string;
      parameters: Record<string, ParameterValue>;
      seed: number;
      datasetId: string | null;
      evaluate: boolean;
      priority: number;
    }): string {
      const id = newId();
      const experimentId = experimentOf.get(run.experimentVersionId);
      if (experimentId === undefined)
        throw new Error(`no experiment version ${run.experimentVersionId}`);
      insert.run({
        ...run,
        id,
        configKey: configKey(experimentId, run.parameters),
        parameters: JSON.stringify(run.parameters),
        evaluate: run.evaluate ? 1 : 0,
        now: clock.now(),
      });
      values.replace(id, "parameter", { ...run.parameters, seed: run.seed });
      events.append("run.created", id, { name: run.name, label: run.label });
      return id;
    },
    get(id: string): CatalogRun {
      const row = byId.get(id);
      if (!row) throw new Error(`no run ${id}`);
      return runOf(row);
    },
    /** By name or by at least six letters of the end of the id, newest first; at most ten. */
    search(text: string): CatalogRun[] {
      const id = text.toUpperCase();
      const whole = byId.get(id);
      if (whole) return [runOf(whole)];
      // No index finds the end of an id: all runs are read, so not for what can be no such end.
      return search.all({ name: text, id: idEnd.test(id) ? id : "" }).map(runOf);
    },
    count: (): number => countAll.get() ?? 0,
    list({ limit, offset, ...filter }: Filter & { limit: number; offset: number }) {
      const total = count.get(filter)?.total ?? 0;
      const rows = page.all({ ...filter, limit, offset }).map(runOf);
      return { total, rows };
    },
    hasName(name: string): boolean {
      return named.get(name) !== undefined;
    },
    finish(id: string, state: RunState, reason: string | null): void {
      finish.run(state, reason, clock.now(), id);
      events.append(`run.${state}`, id, reason === null ? {} : { reason });
    },
    addSummary(id: string, summary: Record<string, unknown> | null): void {
      if (!summary) return;
      const patched = addSummary.get(JSON.stringify(summary), id);
      if (patched === undefined) throw new Error(`no run ${id}`);
      values.replace(id, "summary", fromJson(patched));
    },
    /** Attempts of a run's jobs, or of an evaluation's, oldest first. */
    attempts(runOrEvaluation: string): CatalogAttempt[] {
      return attempts.all({ id: runOrEvaluation }).map(attemptOf);
    },
    jobs(runOrEvaluation: string): { id: string; stage: Stage; state: JobState }[] {
      return jobs.all({ id: runOrEvaluation });
    },
    files(attemptId: number) {
      return files.all(attemptId);
    },
    unfinished(): string[] {
      return unfinished.all().map(({ id }) => id);
    },
    annotate(id: string, { starred, notes, tags }: Annotation): void {
      annotate.run(starred ? 1 : 0, notes, tags.length === 0 ? null : tags.join(" "), id);
      events.append("run.annotated", id);
    },
    remove(id: string): void {
      remove.run(id);
      events.append("run.deleted", id);
    },
  };
}
