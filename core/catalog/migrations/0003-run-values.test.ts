import Database from "better-sqlite3";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { migrations } from "../migrate.ts";
import { openCatalog } from "../open.ts";

/** Rows in the layout of version 1: two seeds of one configuration, and another that failed. */
const oldRows = `
INSERT INTO tree VALUES ('t', 0, 0);
INSERT INTO experiment VALUES ('E', 'digits', '/digits', 1);
INSERT INTO experiment_version VALUES ('V', 'E', 1, 'h', '', '{"train":{"command":["true"]}}', 't', NULL, NULL, NULL, 1);
INSERT INTO dataset VALUES ('D', 'digits', '1', 'h', '/d', '{}', 1, 1);
INSERT INTO sweep VALUES ('S', 'digits', 'V', 'grid', '{}', NULL, 1);
INSERT INTO run VALUES ('R1', 'amber', 'V', 'S', 'seed=0', 'k1', '{"lr":0.1,"loss":"trades","augment":true}',
  0, 'D', 1, 'succeeded', NULL, '{"accuracy":0.9,"note":"fine","nested":{"a":1}}', 10, 11, 12);
INSERT INTO run VALUES ('R2', 'blue', 'V', 'S', 'seed=1', 'k2', '{"loss":"trades","augment":true,"lr":0.1}',
  1, 'D', 1, 'running', NULL, NULL, 20, 21, NULL);
INSERT INTO run VALUES ('R3', 'coral', 'V', NULL, '', 'k3', '{"lr":1,"loss":"trades","augment":false}',
  0, NULL, 0, 'failed', 'exit-code', NULL, 30, 31, 32);
INSERT INTO run_parameter VALUES ('R1', 'lr', 0.1, '0.1'), ('R1', 'seed', 0, '0');
INSERT INTO model VALUES ('M', 'amber', 'R1', 't', 't', NULL, 'D', 13);
INSERT INTO attack_set VALUES ('A', 'Top five', '2026-01-01', 1, 1);
INSERT INTO threat_model VALUES ('T', 'l2', 1, NULL, 0, 1, 0, NULL, 'D', 'test', 1, '{}');
INSERT INTO score VALUES ('M', 'A', 'T', 'complete', 1.5, 1, 1, '{}', 14);
INSERT INTO job VALUES ('J1', 'train', 'R1', NULL, 'process', 'succeeded', 0, NULL, NULL, NULL, 2, 0, 1, 0, 1, '{}', 10, 12);
INSERT INTO job VALUES ('J2', 'test', 'R1', NULL, 'process', 'succeeded', 0, NULL, NULL, NULL, 1, 0, 1, 0, 0, '{}', 12, 13);
INSERT INTO attempt (id, job_id, number, folder, gpus_json, command_json, state, created_at)
VALUES (1, 'J1', 1, '', '[]', '[]', 'failed', 1), (2, 'J1', 2, '', '[]', '[]', 'succeeded', 1),
  (3, 'J2', 1, '', '[]', '[]', 'succeeded', 1);
INSERT INTO metric_series VALUES (1, 1, 'loss', 1, 9, 9, 9), (2, 2, 'loss', 2, 0.5, 0.4, 0.8),
  (3, 3, 'loss', 1, 0.6, 0.3, 0.7), (4, 1, 'forgotten', 1, 1, 1, 1);
INSERT INTO metric_point VALUES (2, 0, 0, 0, 0.8), (2, 1, 1, 0, 0.5);
`;

function converted() {
  const folder = temporaryFolder();
  const old = openCatalog(folder, migrations.slice(0, 1));
  old.db.exec(oldRows);
  old.close();
  openCatalog(folder, migrations.slice(0, 3)).close();
  return new Database(join(folder, "catalog.sqlite"));
}

test("runs keep all they had, in the order of their creation", () => {
  const db = converted();
  const rows = db.prepare("SELECT * FROM run ORDER BY no").all();
  expect(rows).toMatchObject([
    {
      no: 1,
      id: "R1",
      name: "amber",
      label: "seed=0",
      experiment_version_id: "V",
      sweep_id: "S",
      seed: 0,
      dataset_id: "D",
      evaluate: 1,
      state: "succeeded",
      reason: null,
      created_at: 10,
      started_at: 11,
      ended_at: 12,
      changed: 1,
      point_key: "k1",
      summary_json: '{"accuracy":0.9,"note":"fine","nested":{"a":1}}',
    },
    { no: 2, id: "R2", state: "running", ended_at: null, changed: 2 },
    {
      no: 3,
      id: "R3",
      reason: "exit-code",
      parameters_json: '{"lr":1,"loss":"trades","augment":false}',
      changed: 3,
    },
  ]);
  const keys = db.prepare<[], string>("SELECT config_key FROM run ORDER BY no").pluck().all();
  expect(keys[0]).toMatch(/^[0-9A-F]{32}$/);
  expect(keys[1]).toBe(keys[0]);
  expect(keys[2]).not.toBe(keys[0]);
  expect(db.prepare("SELECT changed, deleted FROM run_clock").get()).toEqual({
    changed: 3,
    deleted: 0,
  });
  db.close();
});

test("parameters, seeds, summaries, metrics of the newest attempts and scores become values", () => {
  const db = converted();
  const values = db
    .prepare(
      `SELECT c.kind, c.name, v.run_no AS run, v.number, v.text, v.minimum, v.maximum
       FROM run_value v JOIN run_column c ON c.id = v.column_id WHERE v.run_no = 1 ORDER BY 1, 2`,
    )
    .all();
  const none = { text: null, minimum: null, maximum: null };
  expect(values).toEqual([
    { ...none, kind: "metric", name: "loss", run: 1, number: 0.6, minimum: 0.3, maximum: 0.8 },
    { ...none, kind: "parameter", name: "augment", run: 1, number: null, text: "true" },
    { ...none, kind: "parameter", name: "loss", run: 1, number: null, text: "trades" },
    { ...none, kind: "parameter", name: "lr", run: 1, number: 0.1 },
    { ...none, kind: "parameter", name: "seed", run: 1, number: 0 },
    { ...none, kind: "score", name: "Top five", run: 1, number: 1.5 },
    { ...none, kind: "summary", name: "accuracy", run: 1, number: 0.9 },
    { ...none, kind: "summary", name: "note", run: 1, number: null, text: "fine" },
  ]);
  const counted = db
    .prepare(
      `SELECT count(*) AS wrong FROM run_column c
       WHERE runs <> (SELECT count(*) FROM run_value WHERE column_id = c.id)
          OR texts <> (SELECT count(text) FROM run_value WHERE column_id = c.id)`,
    )
    .get();
  expect(counted).toEqual({ wrong: 0 });
  db.close();
});

test("what refers to runs still does, and goes with them", () => {
  const db = converted();
  db.pragma("foreign_keys = ON");
  expect(db.pragma("foreign_key_check")).toEqual([]);
  expect(() => db.exec("DELETE FROM run WHERE id = 'R1'")).toThrow(/FOREIGN KEY/); // its model
  expect(() =>
    db.exec(
      "INSERT INTO job SELECT 'J3', stage, 'nobody', evaluation_id, runner, state, 0, NULL, NULL, NULL, 0, 0, 1, 0, 0, '{}', 1, 1 FROM job LIMIT 1",
    ),
  ).toThrow(/FOREIGN KEY/);
  db.exec("DELETE FROM model; DELETE FROM run WHERE id = 'R1'");
  for (const table of ["job", "attempt", "metric_series", "metric_point"])
    expect(db.prepare(`SELECT count(*) AS n FROM ${table}`).get(), table).toEqual({ n: 0 });
  expect(db.prepare("SELECT count(*) AS n FROM run_value WHERE run_no = 1").get()).toEqual({
    n: 0,
  });
  expect(
    db.prepare("SELECT name FROM run_column WHERE runs > 0 AND kind = 'metric'").all(),
  ).toEqual([]);
  expect(db.prepare("SELECT changed, deleted FROM run_clock").get()).toEqual({
    changed: 4,
    deleted: 1,
  });
  db.exec("DELETE FROM sweep");
  expect(db.prepare("SELECT sweep_id, changed FROM run WHERE id = 'R2'").get()).toEqual({
    sweep_id: null,
    changed: 5,
  });
  db.close();
});
