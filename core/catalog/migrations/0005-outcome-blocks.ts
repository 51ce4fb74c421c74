import type { Database } from "better-sqlite3";
import { fromJson } from "../json.ts";
import { createOutcomeWriter } from "../outcome-writer.ts";
import type { StoredOutcome } from "../outcome-pack.ts";

/**
 * Sample outcomes as packed columns, one row per evaluation instead of one per sample. See
 * docs/decisions/0011-outcome-blocks.md for what was measured.
 */
export const outcomeBlocks0005 = {
  version: 5,
  name: "outcome-blocks",
  sql: `
ALTER TABLE sample_outcome RENAME TO sample_outcome_rows;

-- What a model says of the clean samples of a threat model. All of its evaluations share it as long
-- as it says the same, which its unique hash tells.
CREATE TABLE outcome_clean (
  id INTEGER PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  label BLOB NOT NULL,
  clean_pred BLOB NOT NULL,
  worst_case BLOB NOT NULL
) STRICT;

-- What scores are made of. Positions are those of the threat model's sample set; columns are packed
-- as core/catalog/number-column.ts says, status bytes as core/domain/outcome-columns.ts says.
-- distance is in the threat model's norm. verified, tried, found and median: this attack alone.
CREATE TABLE outcome_block (
  evaluation_id TEXT PRIMARY KEY REFERENCES evaluation (id) ON DELETE CASCADE,
  clean_id INTEGER NOT NULL REFERENCES outcome_clean (id),
  samples INTEGER NOT NULL,
  verified INTEGER NOT NULL,
  tried INTEGER NOT NULL,
  found INTEGER NOT NULL,
  median REAL,
  status BLOB NOT NULL,
  distance BLOB NOT NULL
) STRICT;
CREATE INDEX outcome_block_clean ON outcome_block (clean_id);

-- The rest of what is known, apart, so that a leaderboard does not read it. texts_json maps a
-- column's texts to the positions that hold them; extra_json has the records that have no position of
-- their own: samples outside the set, and second records of a sample.
CREATE TABLE outcome_detail (
  evaluation_id TEXT PRIMARY KEY REFERENCES outcome_block (evaluation_id) ON DELETE CASCADE,
  texts_json TEXT NOT NULL,
  extra_json TEXT,
  l0 BLOB,
  l1 BLOB,
  l2 BLOB,
  linf BLOB,
  clean_margin BLOB NOT NULL,
  adv_pred BLOB NOT NULL,
  adv_margin BLOB NOT NULL,
  claimed_outcome BLOB NOT NULL,
  claimed_l2 BLOB NOT NULL,
  forwards BLOB NOT NULL,
  backwards BLOB NOT NULL,
  queries_to_best BLOB NOT NULL,
  grad_zero BLOB NOT NULL,
  silent BLOB NOT NULL,
  milliseconds BLOB NOT NULL
) STRICT;
`,
  convert(db: Database): void {
    const writer = createOutcomeWriter(db);
    const rows = db.prepare<[string], StoredOutcome>(
      `SELECT sample, label, outcome, verdict, reason, detail, clean_pred, clean_margin, adv_pred,
         adv_margin, l0, l1, l2, linf, worst_case, claim_mismatch, claimed_outcome, claimed_l2,
         forwards, backwards, queries_to_best, grad_zero, silent, milliseconds
       FROM sample_outcome_rows WHERE evaluation_id = ? ORDER BY position`,
    );
    const evaluations = db
      .prepare<[], { id: string }>("SELECT DISTINCT evaluation_id AS id FROM sample_outcome_rows")
      .all();
    for (const { id } of evaluations) writer.replace(id, rows.all(id));
    db.exec("DROP TABLE sample_outcome_rows");
    shortenScores(db);
    db.exec(triggers);
  },
};

/** Kept scores no longer repeat each sample, which the outcomes tell. */
function shortenScores(db: Database): void {
  const update = db.prepare<[string, string, string, string]>(
    `UPDATE score SET score_json = ?
     WHERE model_id = ? AND attack_set_id = ? AND threat_model_id = ?`,
  );
  const scores = db
    .prepare<[], { model: string; attacks: string; threat: string; score_json: string }>(
      `SELECT model_id AS model, attack_set_id AS attacks, threat_model_id AS threat, score_json
       FROM score`,
    )
    .all();
  for (const { model, attacks, threat, score_json } of scores) {
    const { perSample, ...score } = fromJson<Record<string, unknown>>(score_json);
    if (Array.isArray(perSample))
      score["atWorstCase"] = perSample.filter((sample: unknown) => isWorstCase(sample)).length;
    update.run(JSON.stringify(score), model, attacks, threat);
  }
}

function isWorstCase(sample: unknown): boolean {
  return (
    typeof sample === "object" &&
    sample !== null &&
    "worstCase" in sample &&
    sample.worstCase === true
  );
}

/** Made last: converting must not drop the kept scores, which tell the same as before. */
const triggers = `
CREATE TRIGGER outcome_clean_unused AFTER DELETE ON outcome_block
BEGIN
  DELETE FROM outcome_clean WHERE id = OLD.clean_id
    AND NOT EXISTS (SELECT 1 FROM outcome_block WHERE clean_id = OLD.clean_id);
END;

-- A kept score goes as soon as anything that it was made of changes.
CREATE TRIGGER score_outcomes_added AFTER INSERT ON outcome_block
BEGIN
  DELETE FROM score WHERE (model_id, threat_model_id) =
      (SELECT model_id, threat_model_id FROM evaluation WHERE id = NEW.evaluation_id)
    AND attack_set_id IN (SELECT m.set_id FROM attack_set_member m
      JOIN evaluation e ON e.attack_id = m.attack_id WHERE e.id = NEW.evaluation_id);
END;
CREATE TRIGGER score_outcomes_changed AFTER UPDATE ON outcome_block
BEGIN
  DELETE FROM score WHERE (model_id, threat_model_id) =
      (SELECT model_id, threat_model_id FROM evaluation WHERE id = NEW.evaluation_id)
    AND attack_set_id IN (SELECT m.set_id FROM attack_set_member m
      JOIN evaluation e ON e.attack_id = m.attack_id WHERE e.id = NEW.evaluation_id);
END;
CREATE TRIGGER score_outcomes_removed AFTER DELETE ON outcome_block
BEGIN
  DELETE FROM score WHERE (model_id, threat_model_id) =
      (SELECT model_id, threat_model_id FROM evaluation WHERE id = OLD.evaluation_id)
    AND attack_set_id IN (SELECT m.set_id FROM attack_set_member m
      JOIN evaluation e ON e.attack_id = m.attack_id WHERE e.id = OLD.evaluation_id);
END;
CREATE TRIGGER score_evaluation_changed AFTER UPDATE OF state ON evaluation
  WHEN OLD.state <> NEW.state AND 'verified' IN (OLD.state, NEW.state)
BEGIN
  DELETE FROM score WHERE model_id = NEW.model_id AND threat_model_id = NEW.threat_model_id
    AND attack_set_id IN (SELECT set_id FROM attack_set_member WHERE attack_id = NEW.attack_id);
END;
CREATE TRIGGER score_evaluation_removed AFTER DELETE ON evaluation
BEGIN
  DELETE FROM score WHERE model_id = OLD.model_id AND threat_model_id = OLD.threat_model_id
    AND attack_set_id IN (SELECT set_id FROM attack_set_member WHERE attack_id = OLD.attack_id);
END;
CREATE TRIGGER score_set_added AFTER INSERT ON attack_set_member
BEGIN DELETE FROM score WHERE attack_set_id = NEW.set_id; END;
CREATE TRIGGER score_set_changed AFTER UPDATE ON attack_set_member
BEGIN DELETE FROM score WHERE attack_set_id IN (OLD.set_id, NEW.set_id); END;
CREATE TRIGGER score_set_removed AFTER DELETE ON attack_set_member
BEGIN DELETE FROM score WHERE attack_set_id = OLD.set_id; END;
`;
