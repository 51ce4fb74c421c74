/**
 * How the catalog keeps metric points and sample outcomes. Every check reads them through these
 * two functions, so that another layout is one edit here.
 */
import type { Database } from "better-sqlite3";

export type StoredSeries = { name: string; steps: (number | null)[]; values: number[] };

/** The series of an attempt, by name, with their points in the order in which they came. */
export function storedSeries(db: Database, attemptId: number): StoredSeries[] {
  const series = db
    .prepare<[number], { id: number; name: string }>(
      "SELECT id, name FROM metric_series WHERE attempt_id = ? ORDER BY name",
    )
    .all(attemptId);
  const points = db.prepare<[number], { step: number | null; value: number }>(
    "SELECT step, value FROM metric_point WHERE series_id = ? ORDER BY position",
  );
  return series.map(({ id, name }) => {
    const rows = points.all(id);
    return { name, steps: rows.map(({ step }) => step), values: rows.map(({ value }) => value) };
  });
}

/** The samples of an evaluation that have an outcome, one entry each. */
export function storedOutcomes(db: Database, evaluationId: string): string[] {
  return db
    .prepare<[string], { sample: string }>(
      "SELECT sample FROM sample_outcome WHERE evaluation_id = ? ORDER BY position",
    )
    .all(evaluationId)
    .map(({ sample }) => sample);
}
