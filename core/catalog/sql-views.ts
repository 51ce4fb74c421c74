import type { Database } from "better-sqlite3";
import { registerOutcomeTable } from "./outcome-table.ts";

const time = (column: string) => `strftime('%Y-%m-%dT%H:%M:%fZ', ${column} / 1000.0, 'unixepoch')`;

const valuesOf = (kind: string) => `
  SELECT r.id AS run, c.name, v.number, v.text
  FROM run_column c JOIN run_value v ON v.column_id = c.id JOIN run r ON r.no = v.run_no
  WHERE c.kind = '${kind}'`;

/** The views of shared/sql-views.ts. They are the reader's own, so that the file's layout stays free. */
const views: Readonly<Record<string, string>> = {
  runs: `
  SELECT r.id, r.name, e.name AS experiment, v.number AS version, r.label, r.sweep_id AS sweep,
    d.name AS dataset, r.seed, r.config_key AS config, r.state, r.reason, r.condition,
    ${time("r.created_at")} AS created, ${time("r.started_at")} AS started,
    ${time("r.ended_at")} AS ended, (r.ended_at - r.started_at) / 1000.0 AS seconds,
    r.starred, r.tags, r.notes
  FROM run r JOIN experiment_version v ON v.id = r.experiment_version_id
    JOIN experiment e ON e.id = v.experiment_id LEFT JOIN dataset d ON d.id = r.dataset_id`,
  parameters: valuesOf("parameter"),
  metrics: `
  SELECT r.id AS run, c.name, v.number AS last, v.minimum, v.maximum
  FROM run_column c JOIN run_value v ON v.column_id = c.id JOIN run r ON r.no = v.run_no
  WHERE c.kind = 'metric'`,
  summaries: valuesOf("summary"),
  scores: `
  SELECT s.model_id AS model, m.run_id AS run, t.name AS attack_set,
    s.threat_model_id AS threat_model, s.value AS score, ${time("s.computed_at")} AS computed
  FROM score s JOIN attack_set t ON t.id = s.attack_set_id JOIN model m ON m.id = s.model_id
  WHERE s.state = 'complete'`,
  models: `
  SELECT m.id, m.name, m.run_id AS run, d.name AS dataset, ${time("m.created_at")} AS created
  FROM model m LEFT JOIN dataset d ON d.id = m.dataset_id`,
  evaluations: `
  SELECT e.id, e.model_id AS model, a.name || '@' || a.version AS attack,
    e.threat_model_id AS threat_model, e.state, e.reason, ${time("e.created_at")} AS created,
    ${time("e.ended_at")} AS ended
  FROM evaluation e JOIN attack a ON a.id = e.attack_id`,
  samples: `
  SELECT e.id AS evaluation, s.sample, s.label, s.outcome, s.verdict, s.reason,
    s.clean_pred AS clean_prediction, s.adv_pred AS adversarial_prediction, s.l0, s.l1, s.l2, s.linf
  FROM evaluation e JOIN sample_outcome(e.id) s`,
  jobs: `
  SELECT id, stage, run_id AS run, evaluation_id AS evaluation, state, reason, attempt,
    ${time("created_at")} AS created, ${time("ended_at")} AS ended
  FROM job`,
};

/**
 * Makes the views that users query, for this connection only; nothing is written to the file.
 * Close the result with the connection.
 */
export function createSqlViews(db: Database): { close(): void } {
  const outcomes = registerOutcomeTable(db);
  for (const [name, sql] of Object.entries(views)) db.exec(`CREATE TEMP VIEW ${name} AS ${sql}`);
  return outcomes;
}
