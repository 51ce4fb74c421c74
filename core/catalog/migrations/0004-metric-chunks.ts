import type { Database } from "better-sqlite3";
import { chunkPoints, createChunkInsert } from "../metric-chunk.ts";
import { packColumn, packNumbers } from "../metric-column.ts";

/**
 * Metric points in packed chunks instead of a row each; docs/decisions/0010-metric-chunks.md.
 * Blobs are float64, little-endian, NaN for a step or time that is missing.
 */
export const metricChunks0004 = {
  version: 4,
  name: "metric chunks",
  sql: `
-- Points that have a step, and a time; points that stand in chunks, all others in the tail; and
-- the position of the tail's newest row.
ALTER TABLE metric_series ADD COLUMN steps INTEGER NOT NULL DEFAULT 0;
ALTER TABLE metric_series ADD COLUMN times INTEGER NOT NULL DEFAULT 0;
ALTER TABLE metric_series ADD COLUMN chunked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE metric_series ADD COLUMN tail INTEGER NOT NULL DEFAULT 0;

-- The newest points of a series. The rows lie in the order of their writing, so that a commit to
-- many series writes few pages. steps and times: null, the points' numbers, or of three points and
-- more two numbers, the first and the difference, of an arithmetic progression.
CREATE TABLE metric_tail (
  id INTEGER PRIMARY KEY,
  series_id INTEGER NOT NULL REFERENCES metric_series (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  points INTEGER NOT NULL,
  steps BLOB,
  times BLOB,
  numbers BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX metric_tail_series ON metric_tail (series_id, position);

-- 4096 points each. A look for chunks must not touch their points, and a WITHOUT ROWID table reads
-- rows whole to compare keys: hence tables of their own, with rows of the same id.
CREATE TABLE metric_chunk (
  series_id INTEGER NOT NULL REFERENCES metric_series (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  id INTEGER NOT NULL,
  step_points INTEGER NOT NULL,
  step_minimum REAL,
  step_maximum REAL,
  step_sorted INTEGER NOT NULL CHECK (step_sorted IN (0, 1)),
  step_difference REAL,
  time_points INTEGER NOT NULL,
  time_minimum REAL,
  time_maximum REAL,
  time_sorted INTEGER NOT NULL CHECK (time_sorted IN (0, 1)),
  time_difference REAL,
  minimum REAL NOT NULL,
  maximum REAL NOT NULL,
  first REAL NOT NULL,
  last REAL NOT NULL,
  -- Per 512 points: smallest, largest, first, last value; smallest, largest step and time.
  blocks BLOB NOT NULL,
  step_blocks BLOB,
  time_blocks BLOB,
  PRIMARY KEY (series_id, position)
) STRICT, WITHOUT ROWID;

-- The same per 64 points.
CREATE TABLE metric_chunk_groups (
  id INTEGER PRIMARY KEY,
  numbers BLOB NOT NULL,
  steps BLOB,
  times BLOB
) STRICT;

-- Per point. Steps and times that are a progression need no blob, here and above.
CREATE TABLE metric_chunk_points (
  id INTEGER PRIMARY KEY,
  numbers BLOB NOT NULL,
  steps BLOB,
  times BLOB
) STRICT;

CREATE TRIGGER metric_chunk_removed AFTER DELETE ON metric_chunk
BEGIN
  DELETE FROM metric_chunk_groups WHERE id = OLD.id;
  DELETE FROM metric_chunk_points WHERE id = OLD.id;
END;
`,
  convert(db: Database): void {
    const insertTail = db.prepare(
      `INSERT INTO metric_tail (series_id, position, points, steps, times, numbers)
       VALUES (?, ?, ?, ?, ?, ?)`,
    );
    const insertChunk = createChunkInsert(db);
    const updateSeries = db.prepare(
      "UPDATE metric_series SET steps = ?, times = ?, chunked = ?, tail = ? WHERE id = ?",
    );
    const selectPoints = db
      .prepare<[number, number, number], [number | null, number | null, number]>(
        `SELECT step, time, value FROM metric_point
         WHERE series_id = ? AND position >= ? AND position < ? ORDER BY position`,
      )
      .raw();
    const series = db
      .prepare<[], { id: number; points: number }>("SELECT id, points FROM metric_series")
      .all();
    for (const { id, points } of series) {
      let position = 0;
      let chunked = 0;
      let withStep = 0;
      let withTime = 0;
      while (position < points) {
        const rows = selectPoints.all(id, position, position + chunkPoints);
        if (rows.length !== Math.min(chunkPoints, points - position))
          throw new Error(`the points of metric series ${id} have a gap`);
        const steps = Float64Array.from(rows, ([step]) => step ?? Number.NaN);
        const times = Float64Array.from(rows, ([, time]) => time ?? Number.NaN);
        const values = Float64Array.from(rows, ([, , value]) => value);
        withStep += rows.filter(([step]) => step !== null).length;
        withTime += rows.filter(([, time]) => time !== null).length;
        if (rows.length === chunkPoints) {
          insertChunk(id, position, { steps, times, values });
          chunked += chunkPoints;
        } else {
          const packed = [packColumn(steps), packColumn(times), packNumbers(values)];
          insertTail.run(id, position, rows.length, ...packed);
        }
        position += rows.length;
      }
      updateSeries.run(withStep, withTime, chunked, chunked, id);
    }
    db.exec("DROP TABLE metric_point");
  },
};
