/** What a packed dataset was made from and when it was last used, so that it can make room. */
export const datasetCache0011 = {
  version: 11,
  name: "dataset-cache",
  sql: `
-- Null: what is packed is the only copy. core/domain/dataset-source.ts says what it holds.
ALTER TABLE dataset ADD COLUMN source_json TEXT;
-- When a job last began with it, or it was added; null: not since this is noted.
ALTER TABLE dataset ADD COLUMN used_at INTEGER;
-- Not null: its images were removed to make room; its dataset.json and labels are there still.
ALTER TABLE dataset ADD COLUMN dropped_at INTEGER;

-- What a person has set for this data folder.
CREATE TABLE setting (
  name TEXT PRIMARY KEY,
  value_json TEXT NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`,
};
