/**
 * What was noticed of a run as a column of the runs table; robust accuracies at fixed epsilons and
 * the packages of images, which are found once.
 */
export const conditions0010 = {
  version: 10,
  name: "conditions",
  sql: `
-- What holds a run's jobs up now, or else the reason of its newest job or attempt that failed, also
-- of an attempt that was tried again.
ALTER TABLE run ADD COLUMN condition TEXT;
CREATE TRIGGER run_condition_changed AFTER UPDATE OF condition ON run
WHEN OLD.condition IS NOT NEW.condition
BEGIN
  UPDATE run_clock SET changed = changed + 1;
  UPDATE run SET changed = (SELECT changed FROM run_clock) WHERE no = NEW.no;
END;
CREATE TRIGGER job_condition_changed AFTER UPDATE OF condition, reason ON job
WHEN NEW.run_id IS NOT NULL
  AND (OLD.condition IS NOT NEW.condition OR OLD.reason IS NOT NEW.reason)
BEGIN
  UPDATE run SET condition = coalesce(NEW.condition, NEW.reason,
    (SELECT a.reason FROM job j JOIN attempt a ON a.job_id = j.id
     WHERE j.run_id = NEW.run_id AND a.reason IS NOT NULL ORDER BY a.id DESC LIMIT 1))
  WHERE id = NEW.run_id;
END;
CREATE TRIGGER attempt_reason_changed AFTER UPDATE OF reason ON attempt
WHEN NEW.reason IS NOT NULL AND OLD.reason IS NOT NEW.reason
BEGIN
  UPDATE run SET condition =
    coalesce((SELECT condition FROM job WHERE id = NEW.job_id), NEW.reason)
  WHERE id = (SELECT run_id FROM job WHERE id = NEW.job_id);
END;
CREATE TEMP TABLE noticed AS
SELECT run_id, coalesce(
  max(condition),
  (SELECT a.reason FROM job j JOIN attempt a ON a.job_id = j.id
   WHERE j.run_id = job.run_id AND a.reason IS NOT NULL ORDER BY a.id DESC LIMIT 1),
  max(reason)) AS text
FROM job WHERE run_id IS NOT NULL GROUP BY run_id;
UPDATE run SET condition = noticed.text
FROM noticed WHERE noticed.run_id = run.id AND noticed.text IS NOT NULL;
DROP TABLE noticed;

-- Goes, as a score does, as soon as anything that it was made of changes. accuracy is null where no
-- attack is verified on every sample.
CREATE TABLE fixed_accuracy (
  model_id TEXT NOT NULL REFERENCES model (id) ON DELETE CASCADE,
  threat_model_id TEXT NOT NULL REFERENCES threat_model (id),
  accuracy REAL,
  attacks_json TEXT NOT NULL,
  PRIMARY KEY (model_id, threat_model_id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER fixed_outcomes_added AFTER INSERT ON outcome_block
BEGIN
  DELETE FROM fixed_accuracy WHERE (model_id, threat_model_id) =
    (SELECT model_id, threat_model_id FROM evaluation WHERE id = NEW.evaluation_id);
END;
CREATE TRIGGER fixed_outcomes_changed AFTER UPDATE ON outcome_block
BEGIN
  DELETE FROM fixed_accuracy WHERE (model_id, threat_model_id) =
    (SELECT model_id, threat_model_id FROM evaluation WHERE id = NEW.evaluation_id);
END;
CREATE TRIGGER fixed_outcomes_removed AFTER DELETE ON outcome_block
BEGIN
  DELETE FROM fixed_accuracy WHERE (model_id, threat_model_id) =
    (SELECT model_id, threat_model_id FROM evaluation WHERE id = OLD.evaluation_id);
END;
CREATE TRIGGER fixed_evaluation_changed AFTER UPDATE OF state ON evaluation
  WHEN OLD.state <> NEW.state AND 'verified' IN (OLD.state, NEW.state)
BEGIN
  DELETE FROM fixed_accuracy
  WHERE model_id = NEW.model_id AND threat_model_id = NEW.threat_model_id;
END;
CREATE TRIGGER fixed_evaluation_removed AFTER DELETE ON evaluation
BEGIN
  DELETE FROM fixed_accuracy
  WHERE model_id = OLD.model_id AND threat_model_id = OLD.threat_model_id;
END;

-- What an image has inside, by the digest of its configuration, which is the engine's id of it.
CREATE TABLE image_contents (
  image_id TEXT PRIMARY KEY,
  runtime TEXT,
  cuda TEXT,
  packages_json TEXT NOT NULL,
  found_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`,
};
