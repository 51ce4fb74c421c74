/** What people note about runs, and the views of the runs table that they keep. */
export const annotations0009 = {
  version: 9,
  name: "annotations",
  sql: `
ALTER TABLE run ADD COLUMN starred INTEGER NOT NULL DEFAULT 0 CHECK (starred IN (0, 1));
ALTER TABLE run ADD COLUMN notes TEXT;
-- In the order of the alphabet, with a space between two of them; null for none.
ALTER TABLE run ADD COLUMN tags TEXT;
CREATE TRIGGER run_annotated AFTER UPDATE OF starred, notes, tags ON run
BEGIN
  UPDATE run_clock SET changed = changed + 1;
  UPDATE run SET changed = (SELECT changed FROM run_clock) WHERE no = NEW.no;
END;

CREATE TABLE saved_view (
  name TEXT PRIMARY KEY,
  view_json TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`,
};
