import Database from "better-sqlite3";
import { expect, onTestFinished, test } from "vitest";
import { migrate, migrations } from "../migrate.ts";

/** A run with one train job and two attempts, of which the first ran out of memory. */
const filled = `
INSERT INTO tree (hash, files, size) VALUES ('t', 0, 0);
INSERT INTO experiment VALUES ('E', 'e', '/e', 0);
INSERT INTO experiment_version (id, experiment_id, number, spec_hash, spec_text, spec_json,
  code_tree, created_at) VALUES ('V', 'E', 1, 'h', '', '{}', 't', 0);
INSERT INTO run (id, name, label, experiment_version_id, config_key, seed, evaluate, state, created_at,
  point_key, parameters_json) VALUES ('R', 'r', '', 'V', '', 0, 0, 'running', 0, '', '{}');
INSERT INTO job (id, stage, run_id, runner, state, priority, cpus, gpus, retries, spec_json, attempt,
  created_at) VALUES ('J', 'train', 'R', 'process', 'running', 0, 1, 0, 1, '{}', 2, 0);
INSERT INTO attempt (id, job_id, number, folder, gpus_json, command_json, state, reason, created_at)
VALUES (1, 'J', 1, '/1', '[]', '[]', 'failed', 'out-of-memory', 0),
  (2, 'J', 2, '/2', '[]', '[]', 'running', NULL, 0);`;

function open() {
  const db = new Database(":memory:");
  onTestFinished(() => void db.close());
  migrate(db, () => undefined, migrations.slice(0, 9));
  db.exec(filled);
  migrate(db, () => undefined, migrations.slice(0, 10));
  const condition = db.prepare<[], string | null>("SELECT condition FROM run").pluck();
  const changed = db.prepare<[], number>("SELECT changed FROM run").pluck();
  return { db, condition: () => condition.get(), changed: () => changed.get() ?? 0 };
}

test("what was noticed of runs before is taken over", () => {
  expect(open().condition()).toBe("out-of-memory");
});

test("what holds a job up goes before what an attempt failed of, and is taken back", () => {
  const { db, condition, changed } = open();
  const before = changed();
  db.exec("UPDATE job SET condition = 'Docker does not answer.'");
  expect(condition()).toBe("Docker does not answer.");
  expect(changed()).toBeGreaterThan(before);
  // An attempt that fails meanwhile does not hide it.
  db.exec("UPDATE attempt SET reason = 'lost' WHERE id = 2");
  expect(condition()).toBe("Docker does not answer.");
  db.exec("UPDATE job SET condition = NULL");
  expect(condition()).toBe("lost");
});

test("a job that never started tells its reason", () => {
  const { db, condition } = open();
  db.exec("DELETE FROM attempt");
  db.exec("UPDATE job SET state = 'failed', reason = 'unschedulable', condition = NULL");
  expect(condition()).toBe("unschedulable");
});

test("a change of a run that is no condition leaves it", () => {
  const { db, condition } = open();
  db.exec("UPDATE run SET notes = 'x'; UPDATE attempt SET state = 'collecting' WHERE id = 2");
  expect(condition()).toBe("out-of-memory");
});
