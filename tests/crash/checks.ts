/** What must hold of a catalog, whoever was killed when. Each check returns what is wrong. */
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { readLines } from "../../core/engine/ingest.ts";
import { lines, reportOf, valueAt } from "../fixtures/crash/series.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { readJournal, type Witness } from "./journal.ts";
import { storedOutcomes, storedSeries, type StoredSeries } from "./stored.ts";
import { entriesOf, familyOf } from "./victims.ts";
import { cells, jobsOfCell, samples, type World } from "./world.ts";

/** What a kill was aimed at, by the attempt's folder. */
export type Hits = Map<string, Set<"supervisor" | "job">>;

export type Seen = {
  runs: number;
  /** Terminal jobs with their state, and points stored per attempt: neither may ever go back. */
  ended: Map<string, string>;
  points: Map<number, number>;
};

type AttemptRow = {
  id: number;
  job: string;
  stage: string;
  number: number;
  folder: string;
  state: string;
  reason: string | null;
  raw: string | null;
};

/** Looks into a copy of a catalog that nobody owns at the moment, as a crash has left it. */
export function checkAfterCrash(
  world: World,
  before: Seen | null,
): { seen: Seen; wrong: string[] } {
  const copy = join(temporaryFolder(), "catalog.sqlite");
  for (const end of ["", "-wal"]) {
    const file = join(world.data, `catalog.sqlite${end}`);
    if (existsSync(file)) copyFileSync(file, `${copy}${end}`);
  }
  const db = new Database(copy);
  try {
    const wrong = [...checkFile(db), ...checkEvents(db)];
    const journal = readJournal(world.journal);
    const points = new Map<number, number>();
    for (const attempt of attemptsOf(db)) {
      const series = storedSeries(db, attempt.id);
      points.set(
        attempt.id,
        series.reduce((sum, { values }) => sum + values.length, 0),
      );
      wrong.push(...checkPoints(attempt, series, journal.get(keyOf(attempt)), false));
    }
    const ended = new Map(
      db
        .prepare<[], { id: string; state: string }>(
          "SELECT id, state FROM job WHERE state IN ('succeeded', 'failed', 'cancelled')",
        )
        .all()
        .map(({ id, state }) => [id, state]),
    );
    const runs = count(db, "SELECT count(*) AS count FROM run");
    wrong.push(...checkNotBack(before, { runs, ended, points }));
    return { seen: { runs, ended, points }, wrong };
  } finally {
    db.close();
  }
}

function checkNotBack(before: Seen | null, now: Seen): string[] {
  if (!before) return [];
  const wrong: string[] = [];
  if (now.runs < before.runs) wrong.push(`${before.runs} runs have become ${now.runs}`);
  for (const [job, state] of before.ended)
    if (now.ended.get(job) !== state)
      wrong.push(`job ${job} was ${state} and is ${now.ended.get(job) ?? "open"}`);
  for (const [attempt, points] of before.points)
    if ((now.points.get(attempt) ?? 0) < points)
      wrong.push(`attempt ${attempt} had ${points} points and has ${now.points.get(attempt)}`);
  return wrong;
}

/** Everything, once the sweep has ended and nobody owns the data folder. */
export async function checkAtTheEnd(world: World, hits: Hits): Promise<string[]> {
  const { data } = world;
  const wrong: string[] = [];
  const journal = readJournal(world.journal);
  for (const { complaints } of journal.values()) wrong.push(...complaints);
  const db = new Database(join(data, "catalog.sqlite"), { readonly: true });
  try {
    wrong.push(...checkFile(db), ...checkEvents(db), ...checkCells(db));
    const attempts = attemptsOf(db);
    for (const attempt of attempts) {
      const witness = journal.get(keyOf(attempt));
      wrong.push(
        ...checkPoints(attempt, storedSeries(db, attempt.id), witness, true),
        ...checkReason(attempt, hits),
        ...(await checkFiles(db, data, attempt, witness)),
      );
    }
    wrong.push(
      ...checkAttempts(attempts, journal),
      ...checkResumed(attempts, journal),
      ...(await checkArtifacts(db, data)),
    );
  } finally {
    db.close();
  }
  for (const folder of ["jobs", join("artifacts", "tmp")])
    for (const name of entriesOf(join(data, folder))) wrong.push(`${folder}/${name} is left over`);
  for (const { pid } of (await familyOf(world)).all) {
    const command = readFileSync(`/proc/${String(pid)}/cmdline`, "utf8").replaceAll("\0", " ");
    wrong.push(`process ${pid} is left over: ${command}`);
  }
  return wrong;
}

function count(db: Database.Database, sql: string): number {
  return db.prepare<[], { count: number }>(sql).get()?.count ?? 0;
}

function attemptsOf(db: Database.Database): AttemptRow[] {
  return db
    .prepare<[], AttemptRow>(
      `SELECT a.id, a.job_id AS job, j.stage, a.number, a.folder, a.state, a.reason, a.raw
       FROM attempt a JOIN job j ON j.id = a.job_id ORDER BY a.id`,
    )
    .all();
}

function keyOf({ job, number }: AttemptRow): string {
  return `${job}.${number}`;
}

function nameOf({ stage, job, number }: AttemptRow): string {
  return `${stage} ${job.slice(-6)}, attempt ${number},`;
}

function checkFile(db: Database.Database): string[] {
  const integrity = String(db.pragma("integrity_check", { simple: true }));
  const foreign = db.pragma("foreign_key_check") as unknown[];
  return [
    ...(integrity === "ok" ? [] : [`integrity_check: ${integrity}`]),
    ...(foreign.length === 0 ? [] : [`foreign_key_check: ${JSON.stringify(foreign)}`]),
  ];
}

/** Every end is told once, and every start of an attempt. */
function checkEvents(db: Database.Database): string[] {
  const wrong: string[] = [];
  for (const thing of ["job", "run", "evaluation"]) {
    const rows = db
      .prepare<{ thing: string }, { id: string; state: string; events: string | null }>(
        `SELECT t.id, t.state, group_concat(e.kind) AS events FROM ${thing} t
         LEFT JOIN event e ON e.subject = t.id AND e.kind IN
           (@thing || '.succeeded', @thing || '.failed', @thing || '.cancelled', @thing || '.verified')
         GROUP BY t.id`,
      )
      .all({ thing });
    for (const { id, state, events } of rows) {
      const ended = ["succeeded", "failed", "cancelled", "verified"].includes(state);
      const expected = ended ? `${thing}.${state}` : null;
      if (events !== expected) wrong.push(`${thing} ${id} is ${state}; its ends are ${events}`);
    }
  }
  const starts = db
    .prepare<[], { id: string; attempt: number; starts: number; rows: number }>(
      `SELECT j.id, j.attempt,
         (SELECT count(*) FROM event e WHERE e.subject = j.id AND e.kind = 'job.starting') AS starts,
         (SELECT count(*) FROM attempt a WHERE a.job_id = j.id) AS rows
       FROM job j`,
    )
    .all();
  for (const { id, attempt, starts: told, rows } of starts)
    if (told !== attempt || rows !== attempt)
      wrong.push(`job ${id} is at attempt ${attempt} with ${rows} rows and ${told} starts`);
  return wrong;
}

/** Each cell is there once and came through every stage. */
function checkCells(db: Database.Database): string[] {
  const wrong: string[] = [];
  const found: [string, number, number][] = [
    ["runs", count(db, "SELECT count(*) AS count FROM run"), cells],
    ["cells", count(db, "SELECT count(DISTINCT point_key) AS count FROM run"), cells],
    ["runs done", count(db, "SELECT count(*) AS count FROM run WHERE state = 'succeeded'"), cells],
    ["jobs", count(db, "SELECT count(*) AS count FROM job"), jobsOfCell * cells],
    [
      "jobs done",
      count(db, "SELECT count(*) AS count FROM job WHERE state = 'succeeded'"),
      jobsOfCell * cells,
    ],
    ["models", count(db, "SELECT count(*) AS count FROM model"), cells],
    [
      "evaluations",
      count(db, "SELECT count(*) AS count FROM evaluation WHERE state = 'verified'"),
      cells,
    ],
  ];
  for (const [what, have, want] of found)
    if (have !== want) wrong.push(`${have} ${what} instead of ${want}`);
  for (const { id } of db.prepare<[], { id: string }>("SELECT id FROM evaluation").all()) {
    const outcomes = storedOutcomes(db, id);
    if (outcomes.length !== samples || new Set(outcomes).size !== samples)
      wrong.push(`evaluation ${id} has outcomes of ${outcomes.join(", ")}`);
  }
  return wrong;
}

/**
 * The points of a training are those that it was writing up to, in their order, once each: while
 * it runs any beginning of them, and once it has ended all that were certainly written.
 */
function checkPoints(
  attempt: AttemptRow,
  series: readonly StoredSeries[],
  witness: Witness | undefined,
  ended: boolean,
): string[] {
  if (attempt.stage !== "train") return [];
  const name = nameOf(attempt);
  const has = (metric: string) => series.find((one) => one.name === metric);
  const loss = has("loss")?.values.length ?? 0;
  if (!witness?.cell) return loss === 0 ? [] : [`${name} has ${loss} points and never began`];
  const { cell, from, points } = witness;
  const wrong: string[] = [];
  if (from + loss > points.intent || (ended && from + loss < points.done))
    wrong.push(`${name} has ${loss} points from ${from}: reported ${JSON.stringify(points)}`);
  for (const metric of ["loss", "accuracy"]) {
    const steps = Array.from({ length: loss }, (_, index) => from + index).filter(
      (step) => metric === "loss" || step % 3 === 0,
    );
    const stored = has(metric);
    if (JSON.stringify(stored?.steps ?? []) !== JSON.stringify(steps))
      wrong.push(`${name} ${metric} has other steps: ${stored?.steps.join(" ")}`);
    else if (steps.some((step, at) => stored?.values[at] !== valueAt(metric, cell, step)))
      wrong.push(`${name} ${metric} has other values`);
  }
  return wrong;
}

/** Only what was hit may fail, and it says so. */
function checkReason(attempt: AttemptRow, hits: Hits): string[] {
  const hit = hits.get(attempt.folder) ?? new Set();
  const explained =
    attempt.state === "succeeded" ||
    (attempt.reason === "lost" && hit.has("supervisor")) ||
    (attempt.reason === "killed" && hit.has("job"));
  if (explained) return [];
  const { state, reason, raw } = attempt;
  return [`${nameOf(attempt)} is ${state}: ${reason}, ${raw}; was hit: ${[...hit].join(", ")}`];
}

/** Whoever began is in the catalog, and whoever finished is no failure without a hit. */
function checkAttempts(
  attempts: readonly AttemptRow[],
  journal: ReadonlyMap<string, Witness>,
): string[] {
  const wrong: string[] = [];
  const keys = new Set(attempts.map(keyOf));
  for (const key of journal.keys())
    if (!keys.has(key)) wrong.push(`attempt ${key} ran and is not in the catalog`);
  for (const attempt of attempts)
    if (attempt.state === "succeeded" && !journal.has(keyOf(attempt)))
      wrong.push(`${nameOf(attempt)} succeeded and never ran`);
  const byJob = Map.groupBy(attempts, ({ job }) => job);
  for (const [job, own] of byJob) {
    const done = own.filter(({ state }) => state === "succeeded");
    if (done.length !== 1 || own.at(-1)?.state !== "succeeded")
      wrong.push(`job ${job} has attempts ${own.map(({ state }) => state).join(", ")}`);
  }
  return wrong;
}

/** A training goes on where the newest attempt before it that left a checkpoint had saved. */
function checkResumed(
  attempts: readonly AttemptRow[],
  journal: ReadonlyMap<string, Witness>,
): string[] {
  const wrong: string[] = [];
  const byJob = Map.groupBy(attempts, ({ job }) => job);
  for (const own of byJob.values()) {
    let low = 0;
    let high = 0;
    for (const attempt of own) {
      const witness = journal.get(keyOf(attempt));
      if (attempt.stage !== "train" || !witness?.cell) continue;
      if (witness.from < low || witness.from > high)
        wrong.push(`${nameOf(attempt)} went on from ${witness.from}, not ${low} to ${high}`);
      const { intent, done } = witness.checkpoint;
      high = Math.max(high, intent ?? 0);
      low = Math.max(low, done ?? 0);
      if (witness.finished && witness.points.done !== lines)
        wrong.push(`${nameOf(attempt)} finished at ${witness.points.done}`);
    }
  }
  return wrong;
}

type FileRow = { path: string; sha256: string; size: number };

/** What an attempt certainly wrote is there, byte for byte. */
async function checkFiles(
  db: Database.Database,
  data: string,
  attempt: AttemptRow,
  witness: Witness | undefined,
): Promise<string[]> {
  const files = db
    .prepare<[number], FileRow>("SELECT path, sha256, size FROM attempt_file WHERE attempt_id = ?")
    .all(attempt.id);
  const wrong: string[] = [];
  const bytesOf = (path: string): Buffer | null => {
    const file = files.find((one) => one.path === path);
    return file ? readFileSync(storedAt(data, file.sha256)) : null;
  };
  if (witness?.cell)
    for (const number of witness.reports) {
      const bytes = bytesOf(`out/report-${number}.bin`);
      if (!bytes) wrong.push(`${nameOf(attempt)} has lost report ${number}`);
      else if (!bytes.equals(reportOf(witness.cell, number)))
        wrong.push(`${nameOf(attempt)} has other bytes in report ${number}`);
    }
  if (attempt.stage === "train" && attempt.state === "succeeded") {
    const log = bytesOf("log")?.toString("utf8") ?? "";
    if (!log.endsWith(`line ${lines}\n`) && witness && witness.from < lines)
      wrong.push(`${nameOf(attempt)} has lost the end of its log: ${log.slice(-40)}`);
    const metrics = files.find(({ path }) => path === "out/metrics.jsonl");
    if (metrics)
      wrong.push(...(await checkMetricsFile(storedAt(data, metrics.sha256), attempt, witness)));
  }
  return wrong;
}

/** The file that a training's metrics were read from is kept whole beside the points. */
async function checkMetricsFile(
  file: string,
  attempt: AttemptRow,
  witness: Witness | undefined,
): Promise<string[]> {
  let found = 0;
  await readLines(file, { offset: 0, skipping: false }, true, (part) => {
    found += part.length;
  });
  const wanted = lines - (witness?.from ?? 0);
  return found === wanted ? [] : [`${nameOf(attempt)} kept ${found} lines instead of ${wanted}`];
}

function storedAt(data: string, sha256: string): string {
  return join(data, "artifacts", sha256.slice(0, 2), sha256);
}

/** Bytes verify, references are counted right, and nothing is stored that nothing refers to. */
async function checkArtifacts(db: Database.Database, data: string): Promise<string[]> {
  const wrong: string[] = [];
  const rows = db
    .prepare<[], { sha256: string; size: number; refs: number; counted: number }>(
      `SELECT a.sha256, a.size, a.refs,
         (SELECT count(*) FROM tree_file t WHERE t.sha256 = a.sha256) +
         (SELECT count(*) FROM attempt_file f WHERE f.sha256 = a.sha256) AS counted
       FROM artifact a`,
    )
    .all();
  for (const { sha256, size, refs, counted } of rows) {
    if (refs !== counted) wrong.push(`artifact ${sha256} has ${refs} references, not ${counted}`);
    const file = storedAt(data, sha256);
    if (!existsSync(file)) wrong.push(`artifact ${sha256} is gone`);
    else if (statSync(file).size !== size || hashOf(file) !== sha256)
      wrong.push(`artifact ${sha256} is damaged`);
  }
  const known = new Set(rows.map(({ sha256 }) => sha256));
  for (const shard of entriesOf(join(data, "artifacts")))
    for (const name of entriesOf(join(data, "artifacts", shard)))
      if (shard !== "tmp" && !known.has(name)) wrong.push(`artifact ${name} is nobody's`);
  return wrong;
}

function hashOf(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
