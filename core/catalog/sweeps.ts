import type { Database } from "better-sqlite3";
import type { ParameterValue } from "../../shared/schemas/scalars.ts";
import type { Clock } from "../domain/ports.ts";
import type { SweepPoint } from "../domain/sweep/point.ts";
import type { EventLog } from "./events.ts";
import { fromJson, fromNullableJson, toNullableJson } from "./json.ts";
import type { RunState } from "./runs.ts";

export type SweepMethod = "grid" | "random" | "sobol";

export type CatalogSweep = {
  id: string;
  name: string;
  experiment: string;
  experimentVersionId: string;
  version: number;
  method: SweepMethod;
  objective: { metric: string; goal: "maximize" | "minimize" } | null;
  datasetId: string | null;
  /** Whether its models go on to the attacks. */
  evaluate: boolean;
  priority: number;
  createdAt: number;
};

/** `open`: no run stands for the cell, because none was made yet or it was deleted. */
export type CellState = RunState | "open";

export type CatalogCell = SweepPoint & {
  position: number;
  state: CellState;
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

type SweepRow = Omit<CatalogSweep, "objective" | "evaluate"> & {
  objective_json: string | null;
  evaluate: number;
};

type PointRow = { key: string; label: string; parameters_json: string; seed: number };

const sweepColumns = `s.id, s.name, e.name AS experiment,
  s.experiment_version_id AS experimentVersionId, v.number AS version, s.method, s.objective_json,
  s.dataset_id AS datasetId, s.evaluate, s.priority, s.created_at AS createdAt`;
const sweepFrom = `FROM sweep s JOIN experiment_version v ON v.id = s.experiment_version_id
  JOIN experiment e ON e.id = v.experiment_id`;
const pointColumns = "c.point_key AS key, c.label, c.parameters_json, c.seed";

function sweepOf({ objective_json, evaluate, ...row }: SweepRow): CatalogSweep {
  return { ...row, objective: fromNullableJson(objective_json), evaluate: evaluate === 1 };
}

function pointOf<T extends PointRow>({ parameters_json, ...row }: T) {
  return { ...row, parameters: fromJson<Record<string, ParameterValue>>(parameters_json) };
}

/**
 * Sweeps: sets of cells, each with the run that stands for it. A cell that is wanted and has none
 * gets one from whichever core finds it, so that a sweep half queued when everything died goes on.
 */
export function createSweepCatalog(
  db: Database,
  clock: Clock,
  newId: () => string,
  events: EventLog,
) {
  const insert = db.prepare(
    `INSERT INTO sweep (id, name, experiment_version_id, method, values_json, objective_json,
       dataset_id, evaluate, priority, created_at)
     VALUES (@id, @name, @experimentVersionId, @method, @values, @objective, @datasetId, @evaluate,
       @priority, @now)`,
  );
  const update = db.prepare(
    `UPDATE sweep SET experiment_version_id = @experimentVersionId, values_json = @values,
       objective_json = @objective, evaluate = @evaluate, priority = @priority WHERE id = @id`,
  );
  const byId = db.prepare<[string], SweepRow>(`SELECT ${sweepColumns} ${sweepFrom} WHERE s.id = ?`);
  const search = db.prepare<{ name: string; id: string }, SweepRow>(
    `SELECT ${sweepColumns} ${sweepFrom} WHERE s.name = @name OR (length(@id) >= 6 AND substr(s.id, -length(@id)) = @id)
     ORDER BY s.id DESC LIMIT 10`,
  );
  const page = db.prepare<[number, number], SweepRow>(
    `SELECT ${sweepColumns} ${sweepFrom} ORDER BY s.id DESC LIMIT ? OFFSET ?`,
  );
  const total = db.prepare<[], { total: number }>("SELECT count(*) AS total FROM sweep");
  const newestLike = db.prepare<[string, string], SweepRow>(
    `SELECT ${sweepColumns} ${sweepFrom}
     JOIN experiment_version w ON w.id = ? AND w.experiment_id = v.experiment_id
       AND w.recipe_hash = v.recipe_hash
     WHERE s.method = ? ORDER BY s.id DESC LIMIT 1`,
  );
  const names = db.prepare<[string], { name: string }>("SELECT name FROM sweep WHERE name = ?");
  const insertCell = db.prepare(
    `INSERT INTO sweep_cell (sweep_id, position, point_key, label, parameters_json, seed, wanted, again)
     SELECT @sweepId, coalesce(max(position) + 1, 0), @key, @label, @parameters, @seed, 1, @again
     FROM sweep_cell WHERE sweep_id = @sweepId
     ON CONFLICT (sweep_id, point_key) DO UPDATE SET label = excluded.label`,
  );
  const relabelRun = db.prepare<{ label: string; sweepId: string; key: string }>(
    `UPDATE run SET label = @label WHERE label <> @label AND sweep_id = @sweepId AND id =
       (SELECT run_id FROM sweep_cell WHERE sweep_id = @sweepId AND point_key = @key)`,
  );
  const wantKey = db.prepare<[number, string, string]>(
    "UPDATE sweep_cell SET wanted = 1, again = ? WHERE sweep_id = ? AND point_key = ?",
  );
  const stateOfKey = db.prepare<[string, string], { state: CellState }>(
    `SELECT coalesce(r.state, 'open') AS state FROM sweep_cell c LEFT JOIN run r ON r.id = c.run_id
     WHERE c.sweep_id = ? AND c.point_key = ?`,
  );
  const wanted = db.prepare<[string, number], PointRow & { position: number; again: number }>(
    `SELECT c.position, c.again, ${pointColumns} FROM sweep_cell c
     WHERE c.sweep_id = ? AND c.wanted = 1 ORDER BY c.position LIMIT ?`,
  );
  const sweepsWithWanted = db.prepare<[], { id: string }>(
    "SELECT DISTINCT sweep_id AS id FROM sweep_cell WHERE wanted = 1",
  );
  const unwant = db.prepare<[string]>("UPDATE sweep_cell SET wanted = 0 WHERE sweep_id = ?");
  const setRun = db.prepare<[string, string, number]>(
    "UPDATE sweep_cell SET run_id = ?, wanted = 0, again = 0 WHERE sweep_id = ? AND position = ?",
  );
  const cells = db.prepare<
    { sweep: string; limit: number; offset: number },
    PointRow & Omit<CatalogCell, keyof SweepPoint | "summary"> & { summary_json: string | null }
  >(
    `SELECT c.position, ${pointColumns}, coalesce(r.state, 'open') AS state, r.id AS runId,
       r.name AS run, r.reason, r.summary_json, r.started_at AS startedAt, r.ended_at AS endedAt
     FROM sweep_cell c LEFT JOIN run r ON r.id = c.run_id
     WHERE c.sweep_id = @sweep ORDER BY c.position LIMIT @limit OFFSET @offset`,
  );
  const counts = db.prepare<[string], { state: CellState; cells: number }>(
    `SELECT coalesce(r.state, 'open') AS state, count(*) AS cells
     FROM sweep_cell c LEFT JOIN run r ON r.id = c.run_id WHERE c.sweep_id = ? GROUP BY 1`,
  );
  const twin = db.prepare<
    { recipeOf: string; key: string; datasetId: string | null },
    { id: string; state: RunState }
  >(
    `SELECT r.id, r.state FROM run r
     WHERE r.experiment_version_id IN (
         SELECT a.id FROM experiment_version a JOIN experiment_version b
           ON b.id = @recipeOf AND b.recipe_hash = a.recipe_hash)
       AND r.point_key = @key AND r.dataset_id IS @datasetId
       AND r.state IN ('queued', 'running', 'succeeded')
     ORDER BY r.state = 'succeeded' DESC, r.id DESC LIMIT 1`,
  );

  return {
    add(sweep: {
      name: string;
      experimentVersionId: string;
      method: SweepMethod;
      values: unknown;
      objective: unknown;
      datasetId: string | null;
      evaluate: boolean;
      priority: number;
    }): string {
      const id = newId();
      insert.run({
        ...sweep,
        id,
        values: JSON.stringify(sweep.values),
        objective: toNullableJson(sweep.objective),
        evaluate: sweep.evaluate ? 1 : 0,
        now: clock.now(),
      });
      events.append("sweep.created", id, { name: sweep.name });
      return id;
    },
    /** Says what the sweep is now; its cells stay. */
    update(
      id: string,
      sweep: {
        experimentVersionId: string;
        values: unknown;
        objective: unknown;
        evaluate: boolean;
        priority: number;
      },
    ): void {
      update.run({
        ...sweep,
        id,
        values: JSON.stringify(sweep.values),
        objective: toNullableJson(sweep.objective),
        evaluate: sweep.evaluate ? 1 : 0,
      });
      events.append("sweep.changed", id);
    },
    get(id: string): CatalogSweep {
      const row = byId.get(id);
      if (!row) throw new Error(`no sweep ${id}`);
      return sweepOf(row);
    },
    /** By name or by at least six letters of the end of the id, newest first; at most ten. */
    search(text: string): CatalogSweep[] {
      return search.all({ name: text, id: text.toUpperCase() }).map(sweepOf);
    },
    list(limit: number, offset: number): { total: number; rows: CatalogSweep[] } {
      return { total: total.get()?.total ?? 0, rows: page.all(limit, offset).map(sweepOf) };
    },
    hasName(name: string): boolean {
      return names.get(name) !== undefined;
    },
    /** The newest sweep over the same recipe of the same experiment as this version, by method. */
    newestLike(experimentVersionId: string, method: SweepMethod): CatalogSweep | undefined {
      const row = newestLike.get(experimentVersionId, method);
      return row && sweepOf(row);
    },
    /** Adds a point, which is wanted; one that is there already is only named anew. */
    addCell(sweepId: string, point: SweepPoint, again: boolean): void {
      insertCell.run({
        sweepId,
        key: point.key,
        label: point.label,
        parameters: JSON.stringify(point.parameters),
        seed: point.seed,
        again: again ? 1 : 0,
      });
      relabelRun.run({ label: point.label, sweepId, key: point.key });
    },
    cellState(sweepId: string, key: string): CellState | undefined {
      return stateOfKey.get(sweepId, key)?.state;
    },
    /** The cell is to get a run; with `again` a new one whatever there is. */
    want(sweepId: string, key: string, again: boolean): void {
      wantKey.run(again ? 1 : 0, sweepId, key);
    },
    wanted(sweepId: string, limit: number): WantedCell[] {
      return wanted.all(sweepId, limit).map((row) => ({ ...pointOf(row), again: row.again === 1 }));
    },
    withWantedCells(): string[] {
      return sweepsWithWanted.all().map(({ id }) => id);
    },
    /** No further cell of the sweep gets a run. */
    unwant(sweepId: string): void {
      unwant.run(sweepId);
    },
    setRun(sweepId: string, position: number, runId: string): void {
      setRun.run(runId, sweepId, position);
    },
    /** Cells in order. */
    cells(sweepId: string, limit: number, offset: number): CatalogCell[] {
      return cells.all({ sweep: sweepId, limit, offset }).map(({ summary_json, ...row }) => ({
        ...pointOf(row),
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
      for (const { state, cells: count } of counts.all(sweepId)) result[state] = count;
      return result;
    },
    /**
     * A run of the same recipe, point and dataset that has succeeded or is under way, from
     * whatever sweep: the point need not be run again.
     */
    twin(
      experimentVersionId: string,
      key: string,
      datasetId: string | null,
    ): { id: string; state: RunState } | undefined {
      return twin.get({ recipeOf: experimentVersionId, key, datasetId });
    },
  };
}
