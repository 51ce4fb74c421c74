import type { Database } from "better-sqlite3";
import type { ParameterValue } from "../../../shared/schemas/scalars.ts";
import { configKey } from "../config-key.ts";
import { fromJson } from "../json.ts";

/**
 * What the runs table sorts, filters and groups by stands in one narrow table, column after column,
 * so that a column of 100,000 runs is read in some 15 ms. `run.no` is the order of creation;
 * `run.changed` grows with every change of what the table shows, so that a reader that keeps
 * columns in memory asks only for what is new. The wide JSON columns of `run` come last.
 */
export const runValues0003 = {
  version: 3,
  name: "run-values",
  sql: `
CREATE TABLE run_next (
  no INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  label TEXT NOT NULL,
  experiment_version_id TEXT NOT NULL REFERENCES experiment_version (id),
  sweep_id TEXT REFERENCES sweep (id) ON DELETE SET NULL,
  config_key TEXT NOT NULL,
  seed INTEGER NOT NULL,
  dataset_id TEXT REFERENCES dataset (id),
  evaluate INTEGER NOT NULL CHECK (evaluate IN (0, 1)),
  priority INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  reason TEXT,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  ended_at INTEGER,
  changed INTEGER NOT NULL DEFAULT 0,
  point_key TEXT NOT NULL,
  parameters_json TEXT NOT NULL,
  summary_json TEXT
) STRICT;
INSERT INTO run_next (id, name, label, experiment_version_id, sweep_id, config_key, seed,
  dataset_id, evaluate, priority, state, reason, created_at, started_at, ended_at, changed,
  point_key, parameters_json, summary_json)
SELECT id, name, label, experiment_version_id, sweep_id, '', seed, dataset_id, evaluate, priority,
  state, reason, created_at, started_at, ended_at, row_number() OVER (ORDER BY id), point_key,
  parameters_json, summary_json
FROM run ORDER BY id;
DROP TABLE run_parameter;
DROP TABLE run;
ALTER TABLE run_next RENAME TO run;
CREATE INDEX run_created ON run (created_at);
CREATE INDEX run_unfinished ON run (id) WHERE state IN ('queued', 'running');
CREATE INDEX run_cell ON run (experiment_version_id, point_key);
CREATE INDEX run_sweep ON run (sweep_id);
CREATE INDEX run_changed ON run (changed);
CREATE INDEX run_name ON run (name);
CREATE INDEX model_name ON model (name);

-- One row: how often a run changed, and how many are gone.
CREATE TABLE run_clock (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  changed INTEGER NOT NULL,
  deleted INTEGER NOT NULL
) STRICT;
INSERT INTO run_clock (id, changed, deleted) SELECT 1, count(*), 0 FROM run;

-- runs and texts count the values of the column, and those that are text. A score names its threat
-- model, since results under different ones are never compared; it is empty otherwise.
CREATE TABLE run_column (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('parameter', 'metric', 'summary', 'score')),
  name TEXT NOT NULL,
  threat_model_id TEXT NOT NULL DEFAULT '',
  runs INTEGER NOT NULL DEFAULT 0,
  texts INTEGER NOT NULL DEFAULT 0,
  UNIQUE (kind, name, threat_model_id)
) STRICT;
-- A value is a number or text; true and false are text. Only metrics have extremes.
CREATE TABLE run_value (
  column_id INTEGER NOT NULL REFERENCES run_column (id),
  run_no INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,
  number REAL,
  text TEXT,
  minimum REAL,
  maximum REAL,
  PRIMARY KEY (column_id, run_no),
  CHECK ((number IS NULL) <> (text IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX run_value_run ON run_value (run_no);

CREATE TRIGGER run_added AFTER INSERT ON run
BEGIN
  UPDATE run_clock SET changed = changed + 1;
  UPDATE run SET changed = (SELECT changed FROM run_clock) WHERE no = NEW.no;
END;
CREATE TRIGGER run_updated
AFTER UPDATE OF name, label, sweep_id, dataset_id, state, reason, started_at, ended_at ON run
BEGIN
  UPDATE run_clock SET changed = changed + 1;
  UPDATE run SET changed = (SELECT changed FROM run_clock) WHERE no = NEW.no;
END;
CREATE TRIGGER run_removed AFTER DELETE ON run
BEGIN UPDATE run_clock SET changed = changed + 1, deleted = deleted + 1; END;
CREATE TRIGGER run_value_added AFTER INSERT ON run_value
BEGIN
  UPDATE run_column SET runs = runs + 1, texts = texts + (NEW.text IS NOT NULL)
  WHERE id = NEW.column_id;
END;
CREATE TRIGGER run_value_retyped AFTER UPDATE OF text ON run_value
WHEN (OLD.text IS NULL) <> (NEW.text IS NULL)
BEGIN
  UPDATE run_column SET texts = texts + (NEW.text IS NOT NULL) - (OLD.text IS NOT NULL)
  WHERE id = NEW.column_id;
END;
CREATE TRIGGER run_value_removed AFTER DELETE ON run_value
BEGIN
  UPDATE run_column SET runs = runs - 1, texts = texts - (OLD.text IS NOT NULL)
  WHERE id = OLD.column_id;
END;

CREATE TEMP TABLE old_value (kind TEXT, name TEXT, threat TEXT, run_no INTEGER, number REAL,
  text TEXT, minimum REAL, maximum REAL);
INSERT INTO old_value
SELECT 'parameter', p.key, '', r.no, CASE WHEN p.type IN ('integer', 'real') THEN p.atom END,
  CASE p.type WHEN 'text' THEN p.atom WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' END, NULL, NULL
FROM run r, json_each(r.parameters_json) p;
INSERT INTO old_value SELECT 'parameter', 'seed', '', no, seed, NULL, NULL, NULL FROM run;
INSERT INTO old_value
SELECT 'summary', s.key, '', r.no, CASE WHEN s.type IN ('integer', 'real') THEN s.atom END,
  CASE s.type WHEN 'text' THEN s.atom WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' END, NULL, NULL
FROM run r, json_each(r.summary_json) s WHERE r.summary_json IS NOT NULL;
INSERT INTO old_value
SELECT 'metric', s.name, '', r.no, s.last, NULL, s.minimum, s.maximum
FROM metric_series s JOIN attempt a ON a.id = s.attempt_id
  JOIN job j ON j.id = a.job_id AND j.attempt = a.number JOIN run r ON r.id = j.run_id
WHERE s.last IS NOT NULL ORDER BY j.id;
INSERT INTO old_value
SELECT 'score', t.name, s.threat_model_id, r.no, s.value, NULL, NULL, NULL
FROM score s JOIN attack_set t ON t.id = s.attack_set_id JOIN model m ON m.id = s.model_id
  JOIN run r ON r.id = m.run_id
WHERE s.value IS NOT NULL;
DELETE FROM old_value WHERE number IS NULL AND text IS NULL;
INSERT INTO run_column (kind, name, threat_model_id)
SELECT DISTINCT kind, name, threat FROM old_value ORDER BY kind, name;
INSERT INTO run_value (column_id, run_no, number, text, minimum, maximum)
SELECT c.id, o.run_no, o.number, o.text, o.minimum, o.maximum
FROM old_value o JOIN run_column c
  ON c.kind = o.kind AND c.name = o.name AND c.threat_model_id = o.threat
WHERE true ORDER BY o.rowid
ON CONFLICT (column_id, run_no) DO UPDATE SET number = excluded.number,
  minimum = min(minimum, excluded.minimum), maximum = max(maximum, excluded.maximum);
DROP TABLE old_value;
`,
  convert(db: Database): void {
    const rows = db.prepare<[], { no: number; experiment: string; parameters: string }>(
      `SELECT r.no, v.experiment_id AS experiment, r.parameters_json AS parameters
       FROM run r JOIN experiment_version v ON v.id = r.experiment_version_id`,
    );
    const update = db.prepare<[string, number]>("UPDATE run SET config_key = ? WHERE no = ?");
    for (const { no, experiment, parameters } of rows.all())
      update.run(configKey(experiment, fromJson<Record<string, ParameterValue>>(parameters)), no);
  },
};
