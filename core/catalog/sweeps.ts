import type { Database } from "better-sqlite3";
import type { Clock } from "../domain/ports.ts";
import { jobPriority } from "../domain/priority.ts";
import type { EventLog } from "./events.ts";
import { fromNullableJson, toNullableJson } from "./json.ts";

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

type SweepRow = Omit<CatalogSweep, "objective" | "evaluate"> & {
  objective_json: string | null;
  evaluate: number;
};

/** What a submission says of a sweep. */
type SweepFacts = {
  experimentVersionId: string;
  values: unknown;
  objective: unknown;
  evaluate: boolean;
};

const columns = `s.id, s.name, e.name AS experiment,
  s.experiment_version_id AS experimentVersionId, v.number AS version, s.method, s.objective_json,
  s.dataset_id AS datasetId, s.evaluate, s.priority, s.created_at AS createdAt`;
const from = `FROM sweep s JOIN experiment_version v ON v.id = s.experiment_version_id
  JOIN experiment e ON e.id = v.experiment_id`;

function sweepOf({ objective_json, evaluate, ...row }: SweepRow): CatalogSweep {
  return { ...row, objective: fromNullableJson(objective_json), evaluate: evaluate === 1 };
}

/** Sweeps; their cells are in sweep-cells.ts. */
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
       objective_json = @objective, evaluate = @evaluate WHERE id = @id`,
  );
  const byId = db.prepare<[string], SweepRow>(`SELECT ${columns} ${from} WHERE s.id = ?`);
  const search = db.prepare<{ name: string; id: string }, SweepRow>(
    `SELECT ${columns} ${from}
     WHERE s.name = @name OR (length(@id) >= 6 AND substr(s.id, -length(@id)) = @id)
     ORDER BY s.id DESC LIMIT 10`,
  );
  const page = db.prepare<[number, number], SweepRow>(
    `SELECT ${columns} ${from} ORDER BY s.id DESC LIMIT ? OFFSET ?`,
  );
  const total = db.prepare<[], { total: number }>("SELECT count(*) AS total FROM sweep");
  const newestLike = db.prepare<[string, string], SweepRow>(
    `SELECT ${columns} ${from}
     JOIN experiment_version w ON w.id = ? AND w.experiment_id = v.experiment_id
       AND w.recipe_hash = v.recipe_hash
     WHERE s.method = ? ORDER BY s.id DESC LIMIT 1`,
  );
  const withRun = db.prepare<[string], SweepRow>(
    `SELECT DISTINCT ${columns} ${from} JOIN sweep_cell c ON c.sweep_id = s.id WHERE c.run_id = ?`,
  );
  const names = db.prepare<[string], { name: string }>("SELECT name FROM sweep WHERE name = ?");
  const stops = db.prepare<[string], { stops: number }>("SELECT stops FROM sweep WHERE id = ?");
  const noteStop = db.prepare<[string]>("UPDATE sweep SET stops = stops + 1 WHERE id = ?");
  type Change = { id: string; priority: number; raise: number };
  const setPriority = db.prepare<Change>("UPDATE sweep SET priority = @priority WHERE id = @id");
  const setRunPriorities = db.prepare<Change>(
    "UPDATE run SET priority = @priority WHERE sweep_id = @id",
  );
  const setJobPriorities = db.prepare<Change>(
    `UPDATE job SET priority = priority + @raise WHERE state = 'queued' AND (
       run_id IN (SELECT id FROM run WHERE sweep_id = @id)
       OR evaluation_id IN (SELECT e.id FROM run r JOIN model m ON m.run_id = r.id
         JOIN evaluation e ON e.model_id = m.id WHERE r.sweep_id = @id))`,
  );
  const remove = db.prepare<[string]>("DELETE FROM sweep WHERE id = ?");
  const stored = ({ values, objective, evaluate, ...facts }: SweepFacts) => ({
    ...facts,
    values: JSON.stringify(values),
    objective: toNullableJson(objective),
    evaluate: evaluate ? 1 : 0,
  });

  return {
    add(
      sweep: SweepFacts & {
        name: string;
        method: SweepMethod;
        datasetId: string | null;
        priority: number;
      },
    ): string {
      const id = newId();
      const { name, method, datasetId, priority, ...facts } = sweep;
      insert.run({ ...stored(facts), id, name, method, datasetId, priority, now: clock.now() });
      events.append("sweep.created", id, { name });
      return id;
    },
    /** Says what the sweep is now; its cells stay. */
    update(id: string, facts: SweepFacts): void {
      update.run({ ...stored(facts), id });
      events.append("sweep.changed", id);
    },
    /** Gives the sweep, and what is queued for the runs that it made, another priority. */
    setPriority(id: string, priority: number): void {
      const raise = jobPriority("train", priority - this.get(id).priority);
      const change = { id, priority, raise };
      setPriority.run(change);
      setJobPriorities.run(change);
      setRunPriorities.run(change);
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
    /** Sweeps with a cell that a run stands for. */
    withRun(runId: string): CatalogSweep[] {
      return withRun.all(runId).map(sweepOf);
    },
    /** How often the sweep was stopped: a request that began before the last stop is void. */
    stops(id: string): number {
      return stops.get(id)?.stops ?? 0;
    },
    noteStop(id: string): void {
      noteStop.run(id);
    },
    /** Removes a sweep with its cells; runs stay. */
    remove(id: string): void {
      remove.run(id);
      events.append("sweep.deleted", id);
    },
  };
}
