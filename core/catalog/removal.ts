import type { Database, Statement } from "better-sqlite3";

/** Work that is left of a deletion: ids of jobs that lost their run, hashes of unused trees. */
export type Rubbish = { jobs: string[]; trees: string[] };

type File = { sha256: string; size: number };

type PagedFile = File & { path: string };

/** What a transaction may still remove, and what it found. */
type Left = { budget: number; unreferenced: Map<string, number> };

const filesAtOnce = 2000;

/** What a transaction may remove, in small rows: some 10 ms on a busy machine. */
const budget = 5000;

/** Costs of a row, in small rows. */
const cost = { file: 10, row: 20 };

/**
 * Tables with many rows per attempt, or per metric series of one, and what a row of each costs.
 * Everything else that hangs on a job goes with it.
 */
const manyRows = {
  attempt: [{ rows: "resource_sample WHERE attempt_id = ?", cost: 2 }],
  // A chunk takes its groups and points along, some 25 pages.
  series: [
    { rows: "metric_tail WHERE series_id = ?", cost: 2 },
    { rows: "metric_chunk WHERE series_id = ?", cost: 50 },
  ],
};

/** What refers to a tree: columns with an index each, and jobs of no run by their code. */
const treeUses = [
  "experiment_version WHERE code_tree = @hash",
  "model WHERE tree = @hash",
  "model WHERE code_tree = @hash",
  "attack WHERE tree = @hash",
  `job WHERE run_id IS NULL AND evaluation_id IS NULL AND stage IN ('build', 'pack')
     AND json_extract(spec_json, '$.inputs.code') = @hash`,
];

/**
 * Deletes what may be large a piece at a time. What is deleted is first cut off, whole and at once,
 * and is rubbish from then on, which whoever finds it removes.
 */
export function createRemovalCatalog(db: Database) {
  const cutOffJobs = db.prepare<{ id: string }, { id: string }>(
    `UPDATE job SET run_id = NULL, evaluation_id = NULL
     WHERE run_id = @id OR evaluation_id = @id RETURNING id`,
  );
  const removeVersion = db.prepare<{ id: string }, { experimentId: string; codeTree: string }>(
    `DELETE FROM experiment_version WHERE id = @id
       AND NOT EXISTS (SELECT 1 FROM run WHERE experiment_version_id = @id)
       AND NOT EXISTS (SELECT 1 FROM sweep WHERE experiment_version_id = @id)
     RETURNING experiment_id AS experimentId, code_tree AS codeTree`,
  );
  const removeExperiment = db.prepare<{ id: string }>(
    `DELETE FROM experiment WHERE id = @id
       AND NOT EXISTS (SELECT 1 FROM experiment_version WHERE experiment_id = @id)`,
  );
  const markTree = db.prepare<{ hash: string }>(
    `UPDATE tree SET unused = 1 WHERE hash = @hash
     ${treeUses.map((use) => `AND NOT EXISTS (SELECT 1 FROM ${use})`).join(" ")}`,
  );
  const unusedTree = db.prepare<[string], { hash: string }>(
    "SELECT hash FROM tree WHERE hash = ? AND unused = 1",
  );
  const rubbishJobs = db.prepare<[], { id: string }>(
    `SELECT id FROM job WHERE run_id IS NULL AND evaluation_id IS NULL
       AND stage IN ('train', 'test', 'evaluate', 'verify')`,
  );
  const rubbishTrees = db.prepare<[], { hash: string }>("SELECT hash FROM tree WHERE unused = 1");
  const attemptsOf = db.prepare<[string], { id: number }>(
    "SELECT id FROM attempt WHERE job_id = ? ORDER BY id",
  );
  const takeAttemptFiles = db.prepare<[number, number], File>(
    "DELETE FROM attempt_file WHERE attempt_id = ? RETURNING sha256, size LIMIT ?",
  );
  const takeTreeFiles = db.prepare<[string, number], File>(
    "DELETE FROM tree_file WHERE tree = ? RETURNING sha256, size LIMIT ?",
  );
  const seriesOf = db.prepare<[number], { id: number }>(
    "SELECT id FROM metric_series WHERE attempt_id = ?",
  );
  const removeSeries = db.prepare<[number]>("DELETE FROM metric_series WHERE id = ?");
  const takeRows = (tables: readonly { rows: string; cost: number }[]) =>
    tables.map(({ rows, cost: each }) => {
      const statement = db.prepare<[number, number]>(`DELETE FROM ${rows} LIMIT ?`);
      /** True when nothing is left of the owner's rows. */
      return (owner: number, left: Left): boolean => {
        if (left.budget <= 0) return false;
        left.budget -= statement.run(owner, Math.ceil(left.budget / each)).changes * each;
        return left.budget > 0;
      };
    });
  const ofAttempt = takeRows(manyRows.attempt);
  const ofSeries = takeRows(manyRows.series);
  const removeJob = db.prepare<[string]>("DELETE FROM job WHERE id = ?");
  const removeTree = db.prepare<[string]>("DELETE FROM tree WHERE hash = ?");
  const refs = db.prepare<[string], { refs: number }>("SELECT refs FROM artifact WHERE sha256 = ?");

  const attemptFilesAfter = db.prepare<[number, string], PagedFile>(
    `SELECT path, sha256, size FROM attempt_file WHERE attempt_id = ? AND path > ?
     ORDER BY path LIMIT ${filesAtOnce}`,
  );
  const treeFilesAfter = db.prepare<[string, string], PagedFile>(
    `SELECT path, sha256, size FROM tree_file WHERE tree = ? AND path > ?
     ORDER BY path LIMIT ${filesAtOnce}`,
  );
  const countTreeUses = db.prepare<{ hash: string }, { uses: number }>(
    `SELECT ${treeUses.map((use) => `(SELECT count(*) FROM ${use})`).join(" + ")} AS uses`,
  );
  const versionUses = db.prepare<
    { id: string },
    { runs: number; sweeps: number; codeTree: string }
  >(
    `SELECT code_tree AS codeTree,
       (SELECT count(*) FROM run WHERE experiment_version_id = @id) AS runs,
       (SELECT count(*) FROM sweep WHERE experiment_version_id = @id) AS sweeps
     FROM experiment_version WHERE id = @id`,
  );

  function takeFiles<T>(statement: Statement<[T, number], File>, of: T, left: Left): void {
    const files = statement.all(of, Math.ceil(left.budget / cost.file));
    left.budget -= files.length * cost.file;
    for (const file of files)
      if (refs.get(file.sha256)?.refs === 0) left.unreferenced.set(file.sha256, file.size);
  }

  /** True when nothing is left of the job. */
  function removeSomeOfJob(id: string, left: Left): boolean {
    for (const attempt of attemptsOf.all(id)) {
      takeFiles(takeAttemptFiles, attempt.id, left);
      if (!ofAttempt.every((remove) => remove(attempt.id, left))) return false;
      for (const series of seriesOf.all(attempt.id)) {
        if (!ofSeries.every((remove) => remove(series.id, left))) return false;
        removeSeries.run(series.id);
        left.budget -= cost.row;
      }
    }
    if (left.budget <= 0) return false;
    removeJob.run(id);
    left.budget -= cost.row;
    return true;
  }

  /** True when nothing is left of the tree, or when something has come to use it again. */
  function removeSomeOfTree(hash: string, left: Left): boolean {
    if (!unusedTree.get(hash)) return true;
    takeFiles(takeTreeFiles, hash, left);
    if (left.budget <= 0) return false;
    removeTree.run(hash);
    left.budget -= cost.row;
    return true;
  }

  return {
    /** Cuts the jobs of a run or an evaluation off it, and returns them: they are rubbish now. */
    cutOffJobs(runOrEvaluation: string): string[] {
      return cutOffJobs.all({ id: runOrEvaluation }).map(({ id }) => id);
    },
    /**
     * Removes a version of an experiment that no run and no sweep has, and the experiment with its
     * last one. Returns the tree of its code, or null when the version stays.
     */
    removeVersion(id: string): string | null {
      const removed = removeVersion.get({ id });
      if (!removed) return null;
      removeExperiment.run({ id: removed.experimentId });
      return removed.codeTree;
    },
    /** Marks a tree that nothing refers to as rubbish; false when something does. */
    markTree(hash: string): boolean {
      return markTree.run({ hash }).changes > 0;
    },
    /** All the rubbish there is, as after a crash. */
    rubbish(): Rubbish {
      return {
        jobs: rubbishJobs.all().map(({ id }) => id),
        trees: rubbishTrees.all().map(({ hash }) => hash),
      };
    },
    /**
     * Removes a piece of the rubbish, and from the lists what is done with. Returns the files that
     * lost their last reference, with their sizes. Call it in a transaction until the lists are empty.
     */
    removeSome(rubbish: Rubbish): Map<string, number> {
      const left: Left = { budget, unreferenced: new Map() };
      for (const [list, remove] of [
        [rubbish.jobs, removeSomeOfJob],
        [rubbish.trees, removeSomeOfTree],
      ] as const)
        for (let next = list.at(-1); next !== undefined; next = list.at(-1)) {
          if (left.budget <= 0 || !remove(next, left)) return left.unreferenced;
          list.pop();
        }
      return left.unreferenced;
    },
    /** Files of a job's attempts, a page at a time. */
    *attemptFiles(job: string): Generator<File[]> {
      for (const { id } of attemptsOf.all(job))
        yield* pages((path) => attemptFilesAfter.all(id, path));
    },
    /** Files of a tree, a page at a time. */
    treeFiles(hash: string): Generator<File[]> {
      return pages((path) => treeFilesAfter.all(hash, path));
    },
    /** How many references to a tree there are. */
    treeUses(hash: string): number {
      return countTreeUses.get({ hash })?.uses ?? 0;
    },
    /** How many runs and sweeps have a version, and the tree of its code. */
    versionUses(id: string): { runs: number; sweeps: number; codeTree: string } | undefined {
      return versionUses.get({ id });
    },
  };
}

/** Pages of files by path until one is empty. */
function* pages(after: (path: string) => PagedFile[]): Generator<File[]> {
  for (let page = after(""); page.length > 0; page = after(page.at(-1)?.path ?? "")) yield page;
}
