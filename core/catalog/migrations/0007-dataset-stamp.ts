/** What the files of a dataset looked like when they were last found to be what was registered. */
export const datasetStamp0007 = {
  version: 7,
  name: "dataset-stamp",
  sql: `
-- Null: not looked at since; core/services/dataset-guard.ts says what it holds.
ALTER TABLE dataset ADD COLUMN stamp TEXT;
`,
};
