import type { Database } from "better-sqlite3";

/** What every run has, by the number of its row. Times are ms since 1970 UTC. */
export type RunFacts = {
  no: number;
  id: string;
  name: string;
  experiment: string;
  version: number;
  sweep: string | null;
  label: string;
  seed: number;
  dataset: string | null;
  config: string;
  state: "queued" | "running" | "succeeded" | "failed" | "cancelled";
  reason: string | null;
  /** What holds its jobs up, or else the newest reason of an attempt that failed. */
  condition: string | null;
  created: number;
  started: number | null;
  ended: number | null;
  /** 1 or 0. */
  starred: number;
  notes: string | null;
  /** With a space between two of them. */
  tags: string | null;
};

type Stored = Omit<RunFacts, "experiment" | "version" | "dataset"> & {
  versionId: string;
  datasetId: string | null;
};

const columns = {
  no: "no",
  id: "id",
  name: "name",
  versionId: "experiment_version_id",
  sweep: "sweep_id",
  label: "label",
  seed: "seed",
  datasetId: "dataset_id",
  config: "config_key",
  state: "state",
  reason: "reason",
  condition: "condition",
  created: "created_at",
  started: "started_at",
  ended: "ended_at",
  starred: "starred",
  notes: "notes",
  tags: "tags",
} satisfies Record<keyof Stored, string>;

const selected = Object.entries(columns)
  .map(([name, column]) => `${column} AS ${name}`)
  .join(", ");

export type FactName = Exclude<keyof RunFacts, "no">;

export type RunRows = ReturnType<typeof createRunRows>;

/** Reads the rows of `run`. Names of experiments and datasets are looked up once: they stay. */
export function createRunRows(db: Database) {
  const page = db.prepare<[number, number], Stored>(
    `SELECT ${selected} FROM run ORDER BY no DESC LIMIT ? OFFSET ?`,
  );
  const byNo = db.prepare<[number], Stored>(`SELECT ${selected} FROM run WHERE no = ?`);
  // Without the hint all rows are read, since those are in the wanted order.
  const since = db.prepare<[number], Stored>(
    `SELECT ${selected} FROM run INDEXED BY run_changed WHERE changed > ? ORDER BY no`,
  );
  const countSince = db
    .prepare<[number], number>("SELECT count(*) FROM run WHERE changed > ?")
    .pluck();
  const version = db.prepare<[string], { experiment: string; version: number }>(
    `SELECT e.name AS experiment, v.number AS version
     FROM experiment_version v JOIN experiment e ON e.id = v.experiment_id WHERE v.id = ?`,
  );
  const dataset = db.prepare<[string], string>("SELECT name FROM dataset WHERE id = ?").pluck();
  const count = db.prepare<[], number>("SELECT count(*) FROM run").pluck();
  const clock = db.prepare<[], { changed: number; deleted: number }>(
    "SELECT changed, deleted FROM run_clock",
  );
  const versionOf = memoised((id: string) => version.get(id));
  const datasetOf = memoised((id: string) => dataset.get(id));

  function factsOf({ versionId, datasetId, ...row }: Stored): RunFacts {
    const found = versionOf(versionId);
    if (!found) throw new Error(`no experiment version ${versionId}`);
    return {
      ...row,
      ...found,
      dataset: datasetId === null ? null : (datasetOf(datasetId) ?? null),
    };
  }

  function pluck<T>(column: string): T[] {
    return db.prepare<[], T>(`SELECT ${column} FROM run ORDER BY no`).pluck().all();
  }

  return {
    /** How many there are. */
    count: () => count.get() ?? 0,
    /** Grows with every change; `deleted` counts the runs that are gone. */
    clock() {
      const now = clock.get();
      if (!now) throw new Error("the catalog has no run_clock");
      return now;
    },
    newest: (limit: number, offset: number) => page.all(limit, offset).map(factsOf),
    get(no: number): RunFacts {
      const row = byNo.get(no);
      if (!row) throw new Error(`no run with number ${no}`);
      return factsOf(row);
    },
    countChangedSince: (changed: number) => countSince.get(changed) ?? 0,
    changedSince: (changed: number) => since.all(changed).map(factsOf),
    numbers: () => pluck<number>("no"),
    /** One fact of all runs, in the order of their numbers. */
    all(name: FactName): (number | string | null)[] {
      if (name === "experiment" || name === "version")
        return pluck<string>(columns.versionId).map((id) => versionOf(id)?.[name] ?? null);
      if (name === "dataset")
        return pluck<string | null>(columns.datasetId).map((id) =>
          id === null ? null : (datasetOf(id) ?? null),
        );
      return pluck<number | string | null>(columns[name]);
    },
  };
}

function memoised<T>(find: (id: string) => T): (id: string) => T {
  const known = new Map<string, T>();
  return (id) => {
    const before = known.get(id);
    if (before !== undefined) return before;
    const found = find(id);
    if (found !== undefined) known.set(id, found);
    return found;
  };
}
