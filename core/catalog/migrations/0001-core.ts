/**
 * The first schema. Times are milliseconds since 1970 UTC, ids are ULIDs, hashes are lower-case
 * SHA-256, columns that end in `_json` hold JSON that only the catalog's own code wrote.
 */
export const core0001 = {
  version: 1,
  name: "core",
  sql: `
CREATE TABLE event (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  time INTEGER NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  data_json TEXT NOT NULL
) STRICT;

-- Files by content. refs counts the rows of tree_file and attempt_file that name it, so that
-- bytes are removed exactly when the last of them goes.
CREATE TABLE artifact (
  sha256 TEXT PRIMARY KEY,
  size INTEGER NOT NULL CHECK (size >= 0),
  refs INTEGER NOT NULL DEFAULT 0 CHECK (refs >= 0),
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX artifact_unreferenced ON artifact (sha256) WHERE refs = 0;

-- A folder by content: code, models, attacks.
CREATE TABLE tree (
  hash TEXT PRIMARY KEY,
  files INTEGER NOT NULL,
  size INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE tree_file (
  tree TEXT NOT NULL REFERENCES tree (hash) ON DELETE CASCADE,
  path TEXT NOT NULL,
  sha256 TEXT NOT NULL REFERENCES artifact (sha256),
  size INTEGER NOT NULL,
  executable INTEGER NOT NULL CHECK (executable IN (0, 1)),
  PRIMARY KEY (tree, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX tree_file_artifact ON tree_file (sha256);

CREATE TABLE experiment (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  folder TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (name, folder)
) STRICT;
CREATE TABLE experiment_version (
  id TEXT PRIMARY KEY,
  experiment_id TEXT NOT NULL REFERENCES experiment (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  spec_hash TEXT NOT NULL,
  spec_text TEXT NOT NULL,
  spec_json TEXT NOT NULL,
  code_tree TEXT NOT NULL REFERENCES tree (hash),
  git_commit TEXT,
  git_branch TEXT,
  git_diff TEXT,
  created_at INTEGER NOT NULL,
  UNIQUE (experiment_id, number)
) STRICT;
CREATE INDEX experiment_version_code ON experiment_version (code_tree);

CREATE TABLE dataset (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  hash TEXT NOT NULL,
  folder TEXT NOT NULL,
  manifest_json TEXT NOT NULL,
  size INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (name, hash)
) STRICT;

CREATE TABLE sweep (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  experiment_version_id TEXT NOT NULL REFERENCES experiment_version (id),
  method TEXT NOT NULL,
  values_json TEXT NOT NULL,
  objective_json TEXT,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE run (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  experiment_version_id TEXT NOT NULL REFERENCES experiment_version (id),
  sweep_id TEXT REFERENCES sweep (id) ON DELETE SET NULL,
  label TEXT NOT NULL,
  point_key TEXT NOT NULL,
  parameters_json TEXT NOT NULL,
  seed INTEGER NOT NULL,
  dataset_id TEXT REFERENCES dataset (id),
  evaluate INTEGER NOT NULL CHECK (evaluate IN (0, 1)),
  state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  reason TEXT,
  summary_json TEXT,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  ended_at INTEGER
) STRICT;
CREATE INDEX run_created ON run (created_at);
CREATE INDEX run_unfinished ON run (id) WHERE state IN ('queued', 'running');
CREATE INDEX run_cell ON run (experiment_version_id, point_key);
CREATE INDEX run_sweep ON run (sweep_id);
CREATE TABLE run_parameter (
  run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  number REAL,
  text TEXT NOT NULL,
  PRIMARY KEY (run_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE model (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  run_id TEXT UNIQUE REFERENCES run (id),
  tree TEXT NOT NULL REFERENCES tree (hash),
  code_tree TEXT NOT NULL REFERENCES tree (hash),
  interface_json TEXT,
  dataset_id TEXT REFERENCES dataset (id),
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX model_tree ON model (tree);
CREATE INDEX model_code_tree ON model (code_tree);

CREATE TABLE attack (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  tree TEXT NOT NULL REFERENCES tree (hash),
  definition_json TEXT NOT NULL,
  norm TEXT NOT NULL,
  access TEXT NOT NULL,
  minimal INTEGER NOT NULL CHECK (minimal IN (0, 1)),
  created_at INTEGER NOT NULL,
  UNIQUE (name, version)
) STRICT;
CREATE INDEX attack_tree ON attack (tree);
CREATE TABLE attack_set (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  date TEXT NOT NULL,
  active INTEGER NOT NULL DEFAULT 0 CHECK (active IN (0, 1)),
  created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX attack_set_active ON attack_set (active) WHERE active = 1;
CREATE TABLE attack_set_member (
  set_id TEXT NOT NULL REFERENCES attack_set (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  attack_id TEXT NOT NULL REFERENCES attack (id),
  PRIMARY KEY (set_id, position),
  UNIQUE (set_id, attack_id)
) STRICT, WITHOUT ROWID;

-- A threat model is its content: the id is the hash of all that makes results comparable.
CREATE TABLE threat_model (
  id TEXT PRIMARY KEY,
  norm TEXT NOT NULL,
  minimal INTEGER NOT NULL CHECK (minimal IN (0, 1)),
  epsilon REAL,
  low REAL NOT NULL,
  high REAL NOT NULL,
  targeted INTEGER NOT NULL CHECK (targeted IN (0, 1)),
  queries INTEGER,
  dataset_id TEXT NOT NULL REFERENCES dataset (id),
  split TEXT NOT NULL,
  samples INTEGER NOT NULL,
  sample_set_json TEXT NOT NULL
) STRICT;

CREATE TABLE evaluation (
  id TEXT PRIMARY KEY,
  model_id TEXT NOT NULL REFERENCES model (id),
  attack_id TEXT NOT NULL REFERENCES attack (id),
  threat_model_id TEXT NOT NULL REFERENCES threat_model (id),
  state TEXT NOT NULL CHECK (state IN ('queued', 'attacking', 'verifying', 'verified', 'failed', 'cancelled')),
  reason TEXT,
  summary_json TEXT,
  created_at INTEGER NOT NULL,
  ended_at INTEGER,
  UNIQUE (model_id, attack_id, threat_model_id)
) STRICT;
CREATE INDEX evaluation_unfinished ON evaluation (id)
  WHERE state IN ('queued', 'attacking', 'verifying');

CREATE TABLE job (
  id TEXT PRIMARY KEY,
  stage TEXT NOT NULL CHECK (stage IN ('train', 'test', 'evaluate', 'verify', 'build', 'pack')),
  run_id TEXT REFERENCES run (id) ON DELETE CASCADE,
  evaluation_id TEXT REFERENCES evaluation (id) ON DELETE CASCADE,
  runner TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'starting', 'running', 'collecting', 'succeeded', 'failed', 'cancelled')),
  stop_requested INTEGER NOT NULL DEFAULT 0 CHECK (stop_requested IN (0, 1)),
  condition TEXT,
  reason TEXT,
  raw TEXT,
  attempt INTEGER NOT NULL DEFAULT 0,
  priority INTEGER NOT NULL DEFAULT 0,
  cpus INTEGER NOT NULL,
  gpus INTEGER NOT NULL,
  retries INTEGER NOT NULL,
  spec_json TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT;
CREATE INDEX job_queued ON job (stop_requested DESC, priority DESC, id) WHERE state = 'queued';
CREATE INDEX job_active ON job (priority DESC, id)
  WHERE state IN ('starting', 'running', 'collecting');
CREATE INDEX job_run ON job (run_id);
CREATE INDEX job_evaluation ON job (evaluation_id);

CREATE TABLE attempt (
  id INTEGER PRIMARY KEY,
  job_id TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  folder TEXT NOT NULL,
  gpus_json TEXT NOT NULL,
  command_json TEXT NOT NULL,
  environment_json TEXT,
  state TEXT NOT NULL CHECK (state IN ('starting', 'running', 'collecting', 'succeeded', 'failed', 'cancelled')),
  reason TEXT,
  raw TEXT,
  exit_json TEXT,
  summary_json TEXT,
  bad_lines INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  ended_at INTEGER,
  UNIQUE (job_id, number)
) STRICT;
CREATE TABLE attempt_file (
  attempt_id INTEGER NOT NULL REFERENCES attempt (id) ON DELETE CASCADE,
  path TEXT NOT NULL,
  sha256 TEXT NOT NULL REFERENCES artifact (sha256),
  size INTEGER NOT NULL,
  PRIMARY KEY (attempt_id, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX attempt_file_artifact ON attempt_file (sha256);

-- How far each growing file of an attempt was read; committed with the rows it yielded.
CREATE TABLE ingest (
  attempt_id INTEGER NOT NULL REFERENCES attempt (id) ON DELETE CASCADE,
  file TEXT NOT NULL,
  offset INTEGER NOT NULL,
  skipping INTEGER NOT NULL CHECK (skipping IN (0, 1)),
  PRIMARY KEY (attempt_id, file)
) STRICT, WITHOUT ROWID;

CREATE TABLE metric_series (
  id INTEGER PRIMARY KEY,
  attempt_id INTEGER NOT NULL REFERENCES attempt (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  points INTEGER NOT NULL DEFAULT 0,
  last REAL,
  minimum REAL,
  maximum REAL,
  UNIQUE (attempt_id, name)
) STRICT;
CREATE TABLE metric_point (
  series_id INTEGER NOT NULL REFERENCES metric_series (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  step REAL,
  time REAL,
  value REAL NOT NULL,
  PRIMARY KEY (series_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE resource_sample (
  attempt_id INTEGER NOT NULL REFERENCES attempt (id) ON DELETE CASCADE,
  time INTEGER NOT NULL,
  cpu_seconds REAL,
  memory INTEGER,
  read_bytes INTEGER,
  written_bytes INTEGER,
  disk_free INTEGER,
  gpus_json TEXT NOT NULL,
  PRIMARY KEY (attempt_id, time)
) STRICT, WITHOUT ROWID;

-- One row per attacked sample: what the evaluation claimed, beside what the model itself said.
CREATE TABLE sample_outcome (
  evaluation_id TEXT NOT NULL REFERENCES evaluation (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  sample TEXT NOT NULL,
  label INTEGER NOT NULL,
  outcome TEXT,
  verdict TEXT NOT NULL CHECK (verdict IN ('verified', 'rejected', 'missing')),
  reason TEXT,
  detail TEXT,
  clean_pred INTEGER NOT NULL,
  clean_margin REAL NOT NULL,
  adv_pred INTEGER,
  adv_margin REAL,
  l0 REAL,
  l1 REAL,
  l2 REAL,
  linf REAL,
  worst_case REAL NOT NULL,
  claim_mismatch INTEGER NOT NULL CHECK (claim_mismatch IN (0, 1)),
  claimed_outcome TEXT,
  claimed_l2 REAL,
  forwards INTEGER,
  backwards INTEGER,
  queries_to_best INTEGER,
  grad_zero INTEGER,
  silent INTEGER,
  milliseconds REAL,
  PRIMARY KEY (evaluation_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE score (
  model_id TEXT NOT NULL REFERENCES model (id) ON DELETE CASCADE,
  attack_set_id TEXT NOT NULL REFERENCES attack_set (id) ON DELETE CASCADE,
  threat_model_id TEXT NOT NULL REFERENCES threat_model (id),
  state TEXT NOT NULL CHECK (state IN ('complete', 'incomplete')),
  value REAL,
  verified INTEGER NOT NULL,
  needed INTEGER NOT NULL,
  score_json TEXT NOT NULL,
  computed_at INTEGER NOT NULL,
  PRIMARY KEY (model_id, attack_set_id, threat_model_id)
) STRICT, WITHOUT ROWID;

-- Anything created outside: virtual machines, clusters, builds, images, buckets.
CREATE TABLE resource (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  provider TEXT NOT NULL,
  location TEXT,
  job_id TEXT REFERENCES job (id) ON DELETE SET NULL,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  deleted_at INTEGER,
  cost_low REAL,
  cost_high REAL,
  currency TEXT,
  details_json TEXT NOT NULL,
  UNIQUE (provider, kind, name, created_at)
) STRICT;

CREATE TRIGGER tree_file_added AFTER INSERT ON tree_file
BEGIN UPDATE artifact SET refs = refs + 1 WHERE sha256 = NEW.sha256; END;
CREATE TRIGGER tree_file_removed AFTER DELETE ON tree_file
BEGIN UPDATE artifact SET refs = refs - 1 WHERE sha256 = OLD.sha256; END;
CREATE TRIGGER attempt_file_added AFTER INSERT ON attempt_file
BEGIN UPDATE artifact SET refs = refs + 1 WHERE sha256 = NEW.sha256; END;
CREATE TRIGGER attempt_file_removed AFTER DELETE ON attempt_file
BEGIN UPDATE artifact SET refs = refs - 1 WHERE sha256 = OLD.sha256; END;
`,
};
