import type { Database } from "better-sqlite3";

/** What a value of a run is: its place in the query language. */
export type ColumnKind = "parameter" | "metric" | "summary" | "score";

/** What one chunk of points, or a whole series, comes to. */
export type MetricValue = { name: string; last: number; minimum: number; maximum: number };

export type RunValues = ReturnType<typeof createRunValues>;

/**
 * The values that the runs table sorts, filters and groups by. This is their only writer; call it
 * inside the transaction of the change. Changes of the run's own row are noted by triggers.
 */
export function createRunValues(db: Database) {
  const numberOf = db.prepare<[string], number>("SELECT no FROM run WHERE id = ?").pluck();
  const ofAttempt = db
    .prepare<[number], number>(
      `SELECT r.no FROM attempt a JOIN job j ON j.id = a.job_id AND j.attempt = a.number
         JOIN run r ON r.id = j.run_id WHERE a.id = ?`,
    )
    .pluck();
  const ofModel = db
    .prepare<[string], number>(
      "SELECT r.no FROM model m JOIN run r ON r.id = m.run_id WHERE m.id = ?",
    )
    .pluck();
  const selectColumn = db
    .prepare<[ColumnKind, string, string], number>(
      "SELECT id FROM run_column WHERE kind = ? AND name = ? AND threat_model_id = ?",
    )
    .pluck();
  const insertColumn = db.prepare<[ColumnKind, string, string]>(
    "INSERT INTO run_column (kind, name, threat_model_id) VALUES (?, ?, ?)",
  );
  const upsert = db.prepare<[number, number, number | null, string | null]>(
    `INSERT INTO run_value (column_id, run_no, number, text) VALUES (?, ?, ?, ?)
     ON CONFLICT (column_id, run_no) DO UPDATE SET number = excluded.number, text = excluded.text`,
  );
  const upsertMetric = db.prepare<[number, number, number, number, number]>(
    `INSERT INTO run_value (column_id, run_no, number, minimum, maximum) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (column_id, run_no) DO UPDATE SET number = excluded.number,
       minimum = min(minimum, excluded.minimum), maximum = max(maximum, excluded.maximum)`,
  );
  const remove = db.prepare<[number, number]>(
    "DELETE FROM run_value WHERE column_id = ? AND run_no = ?",
  );
  const removeKind = db.prepare<[number, ColumnKind]>(
    `DELETE FROM run_value WHERE run_no = ?
       AND column_id IN (SELECT id FROM run_column WHERE kind = ?)`,
  );
  const present = db.prepare<[number, ColumnKind], { id: number; name: string }>(
    `SELECT c.id, c.name FROM run_value v JOIN run_column c ON c.id = v.column_id
     WHERE v.run_no = ? AND c.kind = ?`,
  );
  const tick = db.prepare("UPDATE run_clock SET changed = changed + 1");
  const touchRun = db.prepare<[number]>(
    "UPDATE run SET changed = (SELECT changed FROM run_clock) WHERE no = ?",
  );

  function column(kind: ColumnKind, name: string, threatModelId = ""): number {
    return (
      selectColumn.get(kind, name, threatModelId) ??
      Number(insertColumn.run(kind, name, threatModelId).lastInsertRowid)
    );
  }

  function touch(run: number): void {
    tick.run();
    touchRun.run(run);
  }

  function addMetrics(run: number, values: readonly MetricValue[]): void {
    for (const { name, last, minimum, maximum } of values)
      upsertMetric.run(column("metric", name), run, last, minimum, maximum);
    touch(run);
  }

  return {
    /**
     * Makes these all the values that a run has of a kind. Numbers, text and booleans are kept;
     * what is nested or null has no place in a table.
     */
    replace(
      runId: string,
      kind: "parameter" | "summary",
      values: Readonly<Record<string, unknown>>,
    ): void {
      const run = numberOf.get(runId);
      if (run === undefined) throw new Error(`no run ${runId}`);
      const kept = new Set<string>();
      for (const [name, value] of Object.entries(values)) {
        const isNumber = typeof value === "number" && Number.isFinite(value);
        if (!isNumber && typeof value !== "string" && typeof value !== "boolean") continue;
        upsert.run(
          column(kind, name),
          run,
          isNumber ? value : null,
          isNumber ? null : String(value),
        );
        kept.add(name);
      }
      for (const { id, name } of present.all(run, kind)) if (!kept.has(name)) remove.run(id, run);
      touch(run);
    },
    /** Notes what the newest points of a job's attempt come to; of no run's job it notes nothing. */
    addMetrics(attemptId: number, values: readonly MetricValue[]): void {
      const run = values.length === 0 ? undefined : ofAttempt.get(attemptId);
      if (run !== undefined) addMetrics(run, values);
    },
    /** Makes these, in the order of their jobs, all the metrics that a run has. */
    replaceMetrics(runId: string, values: readonly MetricValue[]): void {
      const run = numberOf.get(runId);
      if (run === undefined) throw new Error(`no run ${runId}`);
      removeKind.run(run, "metric");
      addMetrics(run, values);
    },
    /** The score of a run's model under a set and a threat model; null when it has none. */
    setScore(modelId: string, setName: string, threatModelId: string, value: number | null): void {
      const run = ofModel.get(modelId);
      if (run === undefined) return;
      const id = column("score", setName, threatModelId);
      if (value === null) remove.run(id, run);
      else upsert.run(id, run, value, null);
      touch(run);
    },
  };
}
