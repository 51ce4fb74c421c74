import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { migrate } from "../migrate.ts";
import { core0001 } from "./0001-core.ts";
import { sweepCells0002 } from "./0002-sweep-cells.ts";

test("runs of older sweeps become cells, the newest run of a point standing for it", () => {
  const db = new Database(":memory:");
  migrate(db, () => undefined, [core0001]);
  const spec = { train: { command: ["true"] } };
  db.exec(`
    INSERT INTO artifact VALUES ('aa', 1, 0, 0), ('bb', 1, 0, 0);
    INSERT INTO tree VALUES ('t1', 1, 1), ('t2', 2, 2);
    INSERT INTO tree_file VALUES ('t1', 'train.py', 'aa', 1, 0), ('t2', 'train.py', 'aa', 1, 0),
      ('t2', 'gauntlet.yaml', 'bb', 1, 0);
    INSERT INTO experiment VALUES ('e', 'name', '/folder', 0);`);
  const insertVersion = db.prepare(
    `INSERT INTO experiment_version (id, experiment_id, number, spec_hash, spec_text, spec_json,
       code_tree, created_at) VALUES (?, 'e', ?, '', '', ?, ?, 0)`,
  );
  insertVersion.run("v1", 1, JSON.stringify(spec), "t1");
  insertVersion.run("v2", 2, JSON.stringify({ ...spec, sweep: {} }), "t2");
  db.exec("INSERT INTO sweep VALUES ('s', 'name', 'v1', 'grid', '{}', NULL, 0)");
  const insertRun = db.prepare(
    `INSERT INTO run (id, name, experiment_version_id, sweep_id, label, point_key, parameters_json,
       seed, evaluate, state, created_at)
     VALUES (?, ?, 'v1', 's', ?, ?, '{"x":1}', 0, 1, ?, 0)`,
  );
  insertRun.run("r1", "one", "x=1", "k1", "failed");
  insertRun.run("r2", "two", "x=2", "k2", "succeeded");
  insertRun.run("r3", "three", "x=1", "k1", "succeeded");
  migrate(db, () => undefined, [core0001, sweepCells0002]);
  expect(
    db.prepare("SELECT position, label, run_id, wanted FROM sweep_cell ORDER BY position").all(),
  ).toEqual([
    { position: 0, label: "x=1", run_id: "r3", wanted: 0 },
    { position: 1, label: "x=2", run_id: "r2", wanted: 0 },
  ]);
  const recipes = db
    .prepare<[], { recipe_hash: string }>("SELECT recipe_hash FROM experiment_version")
    .all();
  // The file of the experiment itself counts by what it says of the computation.
  expect(recipes[0]).toEqual(recipes[1]);
  expect(recipes[0]?.recipe_hash).toMatch(/^[0-9a-f]{64}$/);
  db.close();
});
