import type { Database } from "better-sqlite3";
import type { ParameterValue } from "../../shared/schemas/scalars.ts";
import type { SweepPoint } from "../domain/sweep/point.ts";
import { fromJson, fromNullableJson } from "./json.ts";
import type { RunState } from "./runs.ts";

/** `open`: no run stands for the cell, because none was made yet or it was deleted. */
export type CellState = RunState | "open";

export type CatalogCell = SweepPoint & {
  position: number;
  state: CellState;
  /** The run was asked to stop and has not ended yet. */
  stopping: boolean;
  runId: string | null;
  run: string | null;
  reason: string | null;
  summary: Record<string, unknown> | null;
  startedAt: number | null;
  endedAt: number | null;
};

/** A cell that is to get a run. */
export type WantedCell = SweepPoint & { position: number; again: boolean };

export type CellCounts = Record<CellState, number>;

type PointRow = { key: string; label: string; parameters_json: string; seed: number };

type CellRow = PointRow &
  Omit<CatalogCell, keyof SweepPoint | "summary" | "stopping"> & {
    summary_json: string | null;
    stopping: number;
  };

type RunOfCell = { id: string; state: RunState };

const pointColumns = "c.point_key AS key, c.label, c.parameters_json, c.seed";

/** A run that was asked to stop and has not ended yet: it stands for no further cell. */
const isStopping = `EXISTS (SELECT 1 FROM job j WHERE j.run_id = r.id AND j.stop_requested = 1
  AND j.state IN ('queued', 'starting', 'running', 'collecting'))`;

const isHeldByAnother =
  "EXISTS (SELECT 1 FROM sweep_cell o WHERE o.run_id = r.id AND o.sweep_id <> @sweepId)";

function pointOf<T extends PointRow>({ parameters_json, ...row }: T) {
  return { ...row, parameters: fromJson<Record<string, ParameterValue>>(parameters_json) };
}

/**
 * The cells of sweeps, each with the run that stands for it. A cell that is wanted and has none gets
 * one from whichever core finds it, so that a sweep half queued when everything died goes on.
 */
export function createSweepCells(db: Database) {
  const insert = db.prepare(
    `INSERT INTO sweep_cell (sweep_id, position, point_key, label, parameters_json, seed, wanted, again)
     SELECT @sweepId, coalesce(max(position) + 1, 0), @key, @label, @parameters, @seed, 0, 0
     FROM sweep_cell WHERE sweep_id = @sweepId
     ON CONFLICT (sweep_id, point_key) DO UPDATE SET label = excluded.label`,
  );
  const relabelRun = db.prepare<{ label: string; sweepId: string; key: string }>(
    `UPDATE run SET label = @label WHERE label <> @label AND sweep_id = @sweepId AND id =
       (SELECT run_id FROM sweep_cell WHERE sweep_id = @sweepId AND point_key = @key)`,
  );
  const want = db.prepare<{ again: number; sweepId: string; keys: string }>(
    `UPDATE sweep_cell SET wanted = 1, again = @again
     WHERE sweep_id = @sweepId AND point_key IN (SELECT value FROM json_each(@keys))`,
  );
  const unwant = db.prepare<[string]>("UPDATE sweep_cell SET wanted = 0 WHERE sweep_id = ?");
  const wanted = db.prepare<[string, number], PointRow & { position: number; again: number }>(
    `SELECT c.position, c.again, ${pointColumns} FROM sweep_cell c
     WHERE c.sweep_id = ? AND c.wanted = 1 ORDER BY c.position LIMIT ?`,
  );
  const sweepsWithWanted = db.prepare<[], { id: string }>(
    "SELECT DISTINCT sweep_id AS id FROM sweep_cell WHERE wanted = 1",
  );
  const setRun = db.prepare<[string, string, number]>(
    "UPDATE sweep_cell SET run_id = ?, wanted = 0, again = 0 WHERE sweep_id = ? AND position = ?",
  );
  const replaceRun = db.prepare<[string, string]>(
    "UPDATE sweep_cell SET run_id = ? WHERE run_id = ?",
  );
  const page = db.prepare<{ sweep: string; limit: number; offset: number }, CellRow>(
    `SELECT c.position, ${pointColumns}, coalesce(r.state, 'open') AS state,
       ${isStopping} AS stopping, r.id AS runId, r.name AS run, r.reason, r.summary_json,
       r.started_at AS startedAt, r.ended_at AS endedAt
     FROM sweep_cell c LEFT JOIN run r ON r.id = c.run_id
     WHERE c.sweep_id = @sweep ORDER BY c.position LIMIT @limit OFFSET @offset`,
  );
  const counts = db.prepare<[string], { state: CellState; cells: number }>(
    `SELECT coalesce(r.state, 'open') AS state, count(*) AS cells
     FROM sweep_cell c LEFT JOIN run r ON r.id = c.run_id WHERE c.sweep_id = ? GROUP BY 1`,
  );
  const runsOf = db.prepare<{ sweepId: string; keys: string }, RunOfCell>(
    `SELECT r.id, r.state FROM sweep_cell c JOIN run r ON r.id = c.run_id
     WHERE c.sweep_id = @sweepId AND c.point_key IN (SELECT value FROM json_each(@keys))
     ORDER BY c.position`,
  );
  const ownRuns = db.prepare<{ sweepId: string }, { id: string }>(
    `SELECT r.id FROM run r WHERE r.sweep_id = @sweepId AND NOT ${isHeldByAnother} ORDER BY r.no`,
  );
  const sharedRuns = db.prepare<{ sweepId: string }, { runs: number }>(
    `SELECT count(*) AS runs FROM sweep_cell c JOIN run r ON r.id = c.run_id
     WHERE c.sweep_id = @sweepId AND r.state IN ('queued', 'running')
       AND (r.sweep_id IS NOT @sweepId OR ${isHeldByAnother})`,
  );
  const twin = db.prepare<{ recipeOf: string; key: string; datasetId: string | null }, RunOfCell>(
    `SELECT r.id, r.state FROM run r
     WHERE r.experiment_version_id IN (
         SELECT a.id FROM experiment_version a JOIN experiment_version b
           ON b.id = @recipeOf AND b.recipe_hash = a.recipe_hash)
       AND r.point_key = @key AND r.dataset_id IS @datasetId
       AND r.state IN ('queued', 'running', 'succeeded') AND NOT ${isStopping}
     ORDER BY r.state = 'succeeded' DESC, r.id DESC LIMIT 1`,
  );
  // `score` is that of the active set, under the threat model that most runs have; else a metric's
  // last value comes before a final value of the same name.
  const objectiveValues = db.prepare<
    { sweepId: string; metric: string },
    { position: number; value: number; state: RunState }
  >(
    `SELECT c.position, v.number AS value, r.state
     FROM sweep_cell c JOIN run r ON r.id = c.run_id JOIN run_value v ON v.run_no = r.no
     WHERE c.sweep_id = @sweepId AND v.number IS NOT NULL AND v.column_id = (
       SELECT k.id FROM run_column k
       WHERE (k.kind IN ('metric', 'summary') AND k.name = @metric)
         OR (k.kind = 'score' AND @metric = 'score'
           AND k.name = (SELECT name FROM attack_set WHERE active = 1))
       ORDER BY k.kind = 'score' DESC, k.kind = 'metric' DESC, k.runs DESC LIMIT 1)
     ORDER BY c.position`,
  );

  return {
    /** Adds a point, which is not wanted yet; one that is there already is only named anew. */
    add(sweepId: string, point: SweepPoint): void {
      insert.run({
        sweepId,
        key: point.key,
        label: point.label,
        parameters: JSON.stringify(point.parameters),
        seed: point.seed,
      });
      relabelRun.run({ label: point.label, sweepId, key: point.key });
    },
    /** The cells are to get a run; with `again` a new one whatever there is. */
    want(sweepId: string, keys: readonly string[], again: boolean): void {
      want.run({ again: again ? 1 : 0, sweepId, keys: JSON.stringify(keys) });
    },
    /** No further cell of the sweep gets a run. */
    unwant(sweepId: string): void {
      unwant.run(sweepId);
    },
    wanted(sweepId: string, limit: number): WantedCell[] {
      return wanted.all(sweepId, limit).map((row) => ({ ...pointOf(row), again: row.again === 1 }));
    },
    /** Sweeps with cells that are to get a run. */
    sweepsWithWanted(): string[] {
      return sweepsWithWanted.all().map(({ id }) => id);
    },
    setRun(sweepId: string, position: number, runId: string): void {
      setRun.run(runId, sweepId, position);
    },
    /** A run that was made once more stands for the cells of the one before. */
    replaceRun(before: string, after: string): void {
      replaceRun.run(after, before);
    },
    /** Cells in order. */
    page(sweepId: string, limit: number, offset: number): CatalogCell[] {
      return page
        .all({ sweep: sweepId, limit, offset })
        .map(({ summary_json, stopping, ...row }) => ({
          ...pointOf(row),
          stopping: stopping === 1,
          summary: fromNullableJson(summary_json),
        }));
    },
    counts(sweepId: string): CellCounts {
      const result: CellCounts = {
        open: 0,
        queued: 0,
        running: 0,
        succeeded: 0,
        failed: 0,
        cancelled: 0,
      };
      for (const { state, cells } of counts.all(sweepId)) result[state] = cells;
      return result;
    },
    /** The runs that stand for some cells, in the order of the cells. */
    runsOf(sweepId: string, keys: readonly string[]): RunOfCell[] {
      return runsOf.all({ sweepId, keys: JSON.stringify(keys) });
    },
    /** Runs that were made for the sweep and stand for no other sweep's cell, oldest first. */
    ownRuns(sweepId: string): string[] {
      return ownRuns.all({ sweepId }).map(({ id }) => id);
    },
    /** How many unfinished runs stand for cells of the sweep and are not its own alone. */
    sharedRuns(sweepId: string): number {
      return sharedRuns.get({ sweepId })?.runs ?? 0;
    },
    /**
     * A run of the same recipe, point and dataset that has succeeded or is under way, from
     * whatever sweep: the point need not be run again.
     */
    twin(experimentVersionId: string, key: string, datasetId: string | null) {
      return twin.get({ recipeOf: experimentVersionId, key, datasetId });
    },
    /** The value of a metric, or of the score, in the runs of cells that have one. */
    objectiveValues(
      sweepId: string,
      metric: string,
    ): { position: number; value: number; state: RunState }[] {
      return objectiveValues.all({ sweepId, metric });
    },
  };
}
