/** The runs table forgets a score as soon as the kept score goes, not when the next one is made. */
export const scoreValues0008 = {
  version: 8,
  name: "score-values",
  sql: `
-- What outlived its score so far.
DELETE FROM run_value WHERE column_id IN (SELECT id FROM run_column WHERE kind = 'score')
  AND NOT EXISTS (
    SELECT 1 FROM run_column c JOIN attack_set t ON t.name = c.name
      JOIN run r ON r.no = run_value.run_no JOIN model m ON m.run_id = r.id
      JOIN score s ON s.model_id = m.id AND s.attack_set_id = t.id
        AND s.threat_model_id = c.threat_model_id
    WHERE c.id = run_value.column_id AND s.value IS NOT NULL);

CREATE TRIGGER score_removed AFTER DELETE ON score WHEN OLD.value IS NOT NULL
BEGIN
  DELETE FROM run_value
  WHERE run_no = (SELECT r.no FROM model m JOIN run r ON r.id = m.run_id WHERE m.id = OLD.model_id)
    AND column_id = (SELECT c.id FROM run_column c JOIN attack_set t ON t.name = c.name
      WHERE c.kind = 'score' AND t.id = OLD.attack_set_id
        AND c.threat_model_id = OLD.threat_model_id);
  UPDATE run_clock SET changed = changed + 1;
  UPDATE run SET changed = (SELECT changed FROM run_clock)
  WHERE id = (SELECT run_id FROM model WHERE id = OLD.model_id);
END;
`,
};
