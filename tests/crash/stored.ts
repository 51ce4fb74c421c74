/** How checks read metric points and sample outcomes: as the catalog's own readers give them. */
import type { Database } from "better-sqlite3";
import { createMetricReader } from "../../core/catalog/metric-reader.ts";
import { createOutcomeReader } from "../../core/catalog/outcome-reader.ts";

export type StoredSeries = { name: string; steps: (number | null)[]; values: number[] };

/** The series of an attempt, by name, with their points in the order in which they came. */
export function storedSeries(db: Database, attemptId: number): StoredSeries[] {
  const series = db
    .prepare<[number], { id: number; name: string; points: number }>(
      "SELECT id, name, points FROM metric_series WHERE attempt_id = ? ORDER BY name",
    )
    .all(attemptId);
  const reader = createMetricReader(db);
  const whole = { axis: "position", from: null, to: null } as const;
  return series.map(({ id, name, points }) => {
    const page = reader.points(id, whole, 0, points + 1);
    return {
      name,
      steps: Array.from(page.steps, (step) => (Number.isNaN(step) ? null : step)),
      values: [...page.values],
    };
  });
}

/** The samples of an evaluation that have an outcome, one entry each. */
export function storedOutcomes(db: Database, evaluationId: string): string[] {
  return [...createOutcomeReader(db).records(evaluationId)].map(({ sample }) => String(sample));
}
