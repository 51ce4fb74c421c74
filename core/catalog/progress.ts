import type { Database } from "better-sqlite3";
import type { JobState } from "../domain/job.ts";
import type { Stage } from "../../shared/schemas/run-folder.ts";
import type { EvaluationState } from "./evaluations.ts";
import { fromJson } from "./json.ts";
import type { RunState } from "./runs.ts";

export type RunProgress = {
  id: string;
  name: string;
  label: string;
  state: RunState;
  reason: string | null;
  /** The stage under way, and its job's state. */
  stage: Stage | null;
  jobState: JobState | null;
  condition: string | null;
  summary: Record<string, unknown>;
  startedAt: number | null;
  endedAt: number | null;
};

export type EvaluationProgress = {
  id: string;
  model: string;
  /** name@version */
  attack: string;
  state: EvaluationState;
  /** Samples without a verified outcome, once it is verified. */
  unverified: number;
  reason: string | null;
  condition: string | null;
};

type Asked = { runs: string; evaluations: string; since: number | null; also: string };

/**
 * How far runs, the evaluations of their models and further evaluations are: a few statements
 * however many there are, for a sweep of ten thousand cells is asked about several times a second.
 */
export function createProgressCatalog(db: Database) {
  // At most one job of a run or an evaluation is unfinished at a time.
  const openJob = "j.state IN ('queued', 'starting', 'running', 'collecting')";
  const changed = `changed AS MATERIALIZED (
    SELECT DISTINCT coalesce(j.run_id, j.evaluation_id, v.subject) AS id
    FROM event v LEFT JOIN job j ON j.id = v.subject WHERE v.seq > @since)`;
  const asked = `asked AS MATERIALIZED (
    SELECT value AS id FROM json_each(@evaluations)
    UNION SELECT e.id FROM json_each(@runs) i JOIN model m ON m.run_id = i.value
      JOIN evaluation e ON e.model_id = m.id)`;
  const runs = db.prepare<Asked, Omit<RunProgress, "summary"> & { summary_json: string | null }>(
    `WITH ${changed}
     SELECT r.id, r.name, r.label, r.state, r.reason, j.stage, j.state AS jobState, j.condition,
       r.summary_json, r.started_at AS startedAt, r.ended_at AS endedAt
     FROM json_each(@runs) i JOIN run r ON r.id = i.value
     LEFT JOIN job j ON j.run_id = r.id AND ${openJob}
     WHERE @since IS NULL OR r.id IN changed OR r.id IN (SELECT value FROM json_each(@also))
     ORDER BY i.key`,
  );
  const evaluations = db.prepare<Asked, EvaluationProgress>(
    `WITH ${changed}, ${asked}
     SELECT e.id, m.name AS model, a.name || '@' || a.version AS attack, e.state, e.reason,
       j.condition, coalesce(b.samples - b.verified, 0) AS unverified
     FROM asked i JOIN evaluation e ON e.id = i.id JOIN model m ON m.id = e.model_id
     JOIN attack a ON a.id = e.attack_id
     LEFT JOIN outcome_block b ON b.evaluation_id = e.id AND e.state = 'verified'
     LEFT JOIN job j ON j.evaluation_id = e.id AND ${openJob}
     WHERE @since IS NULL OR e.id IN changed OR e.id IN (SELECT value FROM json_each(@also))
     ORDER BY e.id`,
  );
  const runCounts = db.prepare<Asked, { state: RunState; number: number }>(
    `SELECT r.state, count(*) AS number FROM json_each(@runs) i JOIN run r ON r.id = i.value
     GROUP BY 1`,
  );
  const evaluationCounts = db.prepare<Asked, { state: EvaluationState; number: number }>(
    `WITH ${asked} SELECT e.state, count(*) AS number FROM asked i JOIN evaluation e ON e.id = i.id
     GROUP BY 1`,
  );
  const newest = db.prepare<[], { seq: number }>("SELECT coalesce(max(seq), 0) AS seq FROM event");

  return {
    /**
     * With `since` only what changed after that event, and what `also` names; counts are of all that
     * was asked about.
     */
    of(asked: {
      runs: readonly string[];
      evaluations: readonly string[];
      since: number | null;
      also: readonly string[];
    }) {
      const input: Asked = {
        runs: JSON.stringify(asked.runs),
        evaluations: JSON.stringify(asked.evaluations),
        since: asked.since,
        also: JSON.stringify(asked.also),
      };
      return {
        seq: newest.get()?.seq ?? 0,
        runs: runs.all(input).map(({ summary_json, ...run }): RunProgress => ({
          ...run,
          summary: summary_json === null ? {} : fromJson(summary_json),
        })),
        evaluations: evaluations.all(input),
        counts: {
          runs: Object.fromEntries(runCounts.all(input).map((row) => [row.state, row.number])),
          evaluations: Object.fromEntries(
            evaluationCounts.all(input).map((row) => [row.state, row.number]),
          ),
        },
      };
    },
  };
}
