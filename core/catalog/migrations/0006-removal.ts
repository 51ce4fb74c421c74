/**
 * Deleting in small pieces. A job that has lost its run or evaluation is rubbish, unless it is one
 * that never had any (build, pack); a tree that is `unused` is, too. Both go bit by bit, and a core
 * that finds some goes on.
 */
export const removal0006 = {
  version: 6,
  name: "removal",
  sql: `
CREATE INDEX job_alone ON job (stage, id) WHERE run_id IS NULL AND evaluation_id IS NULL;

ALTER TABLE tree ADD COLUMN unused INTEGER NOT NULL DEFAULT 0 CHECK (unused IN (0, 1));
CREATE INDEX tree_unused ON tree (hash) WHERE unused = 1;
UPDATE tree SET unused = 1 WHERE hash NOT IN (
  SELECT code_tree FROM experiment_version UNION SELECT tree FROM model
  UNION SELECT code_tree FROM model UNION SELECT tree FROM attack
  UNION SELECT json_extract(spec_json, '$.inputs.code') FROM job
    WHERE run_id IS NULL AND evaluation_id IS NULL
      AND json_extract(spec_json, '$.inputs.code') IS NOT NULL);

-- What a deletion has to look up.
CREATE INDEX sweep_version ON sweep (experiment_version_id);
CREATE INDEX resource_job ON resource (job_id);
`,
};
