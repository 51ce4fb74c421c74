import type { Database } from "better-sqlite3";
import { expect, test } from "vitest";
import { fillCatalog } from "../../tests/support/many-runs.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { createMetricStore } from "./metrics.ts";
import { openCatalog } from "./open.ts";
import { createRunValues } from "./run-values.ts";
import { batchOf } from "./testing/metric-series.ts";

/** A catalog with one run, which has a train job at its second attempt and a model. */
function openOne() {
  const folder = temporaryFolder();
  fillCatalog(folder, 1);
  const { db, close } = openCatalog(folder);
  db.exec(`INSERT INTO job (id, stage, run_id, runner, state, attempt, cpus, gpus, retries, spec_json, created_at)
      SELECT 'J', 'train', id, 'process', 'running', 2, 1, 0, 0, '{}', 0 FROM run;
    INSERT INTO attempt (id, job_id, number, folder, gpus_json, command_json, state, created_at)
    VALUES (1, 'J', 1, '', '[]', '[]', 'failed', 0), (2, 'J', 2, '', '[]', '[]', 'running', 0);
    INSERT INTO model (id, name, run_id, tree, code_tree, created_at) SELECT 'M', name, id, 't', 't', 0 FROM run`);
  const id = String(db.prepare("SELECT id FROM run").pluck().get());
  return { db, close, id, values: createRunValues(db) };
}

function valuesOf(db: Database, kind: string) {
  return db
    .prepare(
      `SELECT c.name, v.number, v.text, v.minimum, v.maximum FROM run_value v
       JOIN run_column c ON c.id = v.column_id WHERE c.kind = ? AND c.name NOT LIKE '%/%' ORDER BY 1`,
    )
    .all(kind);
}

const clock = (db: Database) => db.prepare("SELECT changed FROM run").pluck().get();
const plain = { text: null, minimum: null, maximum: null };

test("replace leaves exactly the numbers, texts and booleans that are given", () => {
  const { db, close, id, values } = openOne();
  const before = Number(clock(db));
  const summary = {
    accuracy: 0.5,
    note: "kept",
    best: true,
    nested: { a: 1 },
    list: [1],
    empty: null,
    odd: Number.NaN,
  };
  values.replace(id, "summary", summary);
  expect(valuesOf(db, "summary")).toEqual([
    { ...plain, name: "accuracy", number: 0.5 },
    { ...plain, name: "best", number: null, text: "true" },
    { ...plain, name: "note", number: null, text: "kept" },
  ]);
  values.replace(id, "summary", { accuracy: "lost" });
  expect(valuesOf(db, "summary")).toEqual([
    { ...plain, name: "accuracy", number: null, text: "lost" },
  ]);
  expect(
    db.prepare("SELECT name, runs, texts FROM run_column WHERE kind = 'summary' ORDER BY 1").all(),
  ).toEqual([
    { name: "accuracy", runs: 1, texts: 1 },
    { name: "best", runs: 0, texts: 0 },
    { name: "note", runs: 0, texts: 0 },
  ]);
  expect(Number(clock(db))).toBe(before + 2);
  close();
});

test("points make the last value and the extremes of the newest attempt's metrics", () => {
  const { db, close } = openOne();
  const metrics = createMetricStore(db);
  const point = (value: number) => ({ name: "loss", step: null, time: null, value });
  const position = { offset: 0, skipping: false };
  metrics.append(2, batchOf([point(3), point(1)]), position);
  metrics.append(2, batchOf([point(2)]), position);
  const expected = [{ name: "loss", number: 2, text: null, minimum: 1, maximum: 3 }];
  expect(valuesOf(db, "metric")).toEqual(expected);
  metrics.append(1, batchOf([point(100)]), position); // an attempt that does not count any more
  const changed = clock(db);
  metrics.append(2, batchOf([], 1), position);
  expect(valuesOf(db, "metric")).toEqual(expected);
  expect(clock(db)).toBe(changed);
  close();
});

test("a new attempt's metrics take the place of all before", () => {
  const { db, close, id, values } = openOne();
  values.addMetrics(2, [{ name: "loss", last: 3, minimum: 3, maximum: 3 }]);
  values.replaceMetrics(id, [
    { name: "margin", last: 1, minimum: 0, maximum: 1 },
    { name: "margin", last: 2, minimum: 2, maximum: 2 },
  ]);
  expect(
    db
      .prepare(
        "SELECT count(*) FROM run_value v JOIN run_column c ON c.id = v.column_id WHERE c.kind = 'metric'",
      )
      .pluck()
      .get(),
  ).toBe(1);
  expect(valuesOf(db, "metric")).toEqual([
    { name: "margin", number: 2, text: null, minimum: 0, maximum: 2 },
  ]);
  close();
});

test("scores stand apart by threat model and go when they become incomplete", () => {
  const { db, close, values } = openOne();
  values.setScore("M", "Top five", "T1", 0.5);
  values.setScore("M", "Top five", "T2", 0.7);
  values.setScore("imported", "Top five", "T2", 0.9);
  expect(valuesOf(db, "score").map((row) => row)).toHaveLength(2);
  values.setScore("M", "Top five", "T1", null);
  expect(valuesOf(db, "score")).toEqual([{ ...plain, name: "Top five", number: 0.7 }]);
  close();
});
