import Database from "better-sqlite3";
import { onTestFinished, expect, test } from "vitest";
import { createArtifactCatalog } from "./artifacts.ts";
import { migrate, migrations } from "./migrate.ts";
import { removal0006 } from "./migrations/0006-removal.ts";
import { createRemovalCatalog } from "./removal.ts";

function openDatabase(list = migrations): Database.Database {
  const db = new Database(":memory:");
  onTestFinished(() => void db.close());
  migrate(db, () => undefined, list);
  db.pragma("foreign_keys = ON");
  return db;
}

const insertJob = `INSERT INTO job (id, stage, run_id, runner, state, cpus, gpus, retries, spec_json, created_at)`;

/** Two runs of one version; the first has a large attempt, and one file of it is the second's too. */
function withRuns(files: number): Database.Database {
  const db = openDatabase();
  db.exec(`
    INSERT INTO artifact VALUES ('code', 1, 0, 0), ('shared', 2, 0, 0);
    INSERT INTO tree (hash, files, size) VALUES ('tree', 1, 1);
    INSERT INTO tree_file VALUES ('tree', 'train.py', 'code', 1, 0);
    INSERT INTO experiment VALUES ('e', 'name', '/folder', 0);
    INSERT INTO experiment_version (id, experiment_id, number, spec_hash, spec_text, spec_json,
      code_tree, created_at) VALUES ('v', 'e', 1, '', '', '{}', 'tree', 0);`);
  for (const [run, attempt] of [
    ["r1", 1],
    ["r2", 2],
  ] as const) {
    db.exec(`
      INSERT INTO run (id, name, experiment_version_id, label, config_key, point_key,
        parameters_json, seed, evaluate, state, created_at)
        VALUES ('${run}', '${run}', 'v', '', '', '', '{}', 0, 0, 'succeeded', 0);
      ${insertJob} VALUES ('${run}-train', 'train', '${run}', 'process', 'succeeded', 1, 0, 0, '{}', 0);
      INSERT INTO attempt (id, job_id, number, folder, gpus_json, command_json, state, created_at)
        VALUES (${attempt}, '${run}-train', 1, '', '[]', '[]', 'succeeded', 0);
      INSERT INTO attempt_file VALUES (${attempt}, 'out/shared', 'shared', 2);`);
  }
  const insertArtifact = db.prepare("INSERT INTO artifact VALUES (?, 3, 0, 0)");
  const insertFile = db.prepare("INSERT INTO attempt_file VALUES (1, ?, ?, 3)");
  for (let index = 0; index < files; index++) {
    insertArtifact.run(`own${index}`);
    insertFile.run(`out/${index}`, `own${index}`);
  }
  return db;
}

function count(db: Database.Database, from: string): unknown {
  return db.prepare(`SELECT count(*) FROM ${from}`).pluck().get();
}

test("a large job goes piece by piece, and names the files that nothing else has", () => {
  const db = withRuns(3000);
  const removal = createRemovalCatalog(db);
  const rubbish = { jobs: removal.cutOffJobs("r1"), trees: [] };
  expect(rubbish.jobs).toEqual(["r1-train"]);
  // What a crash leaves is found by the next core, and is the same.
  expect(removal.rubbish()).toEqual(rubbish);
  let pieces = 0;
  const unreferenced = new Map<string, number>();
  while (rubbish.jobs.length > 0) {
    const before = Number(count(db, "attempt_file"));
    for (const [sha256, size] of removal.removeSome(rubbish)) unreferenced.set(sha256, size);
    expect(before - Number(count(db, "attempt_file"))).toBeLessThanOrEqual(500);
    pieces++;
  }
  expect(pieces).toBeGreaterThan(5);
  expect(unreferenced.size).toBe(3000);
  expect(unreferenced.has("shared")).toBe(false);
  expect(count(db, "attempt")).toBe(1);
  expect(removal.rubbish()).toEqual({ jobs: [], trees: [] });
});

test("a version goes with its last run, and its code when nothing else has it", () => {
  const db = withRuns(0);
  const removal = createRemovalCatalog(db);
  expect(removal.removeVersion("v")).toBeNull();
  removal.cutOffJobs("r1");
  removal.cutOffJobs("r2");
  db.exec("DELETE FROM run");
  db.exec(
    "INSERT INTO sweep (id, name, experiment_version_id, method, values_json, created_at) VALUES ('s', 's', 'v', 'grid', '{}', 0)",
  );
  expect(removal.removeVersion("v")).toBeNull();
  db.exec("DELETE FROM sweep");
  expect(removal.markTree("tree")).toBe(false);
  expect(removal.removeVersion("v")).toBe("tree");
  expect(count(db, "experiment")).toBe(0);
  expect(removal.markTree("tree")).toBe(true);
  const rubbish = { jobs: [], trees: ["tree"] };
  expect([...removal.removeSome(rubbish)]).toEqual([["code", 1]]);
  expect(count(db, "tree")).toBe(0);
});

test("a tree that only a job of its own names is used", () => {
  const db = withRuns(0);
  const removal = createRemovalCatalog(db);
  db.exec(`DELETE FROM run; DELETE FROM experiment_version;
    ${insertJob} VALUES ('p', 'pack', NULL, 'process', 'queued', 1, 0, 0, '{"inputs":{"code":"tree"}}', 0)`);
  expect(removal.treeUses("tree")).toBe(1);
  expect(removal.markTree("tree")).toBe(false);
  expect(removal.rubbish()).toEqual({ jobs: [], trees: [] });
});

test("a tree whose removal has begun is whole again when it is added once more", () => {
  const db = openDatabase();
  const artifacts = createArtifactCatalog(db, { now: () => 0 });
  const removal = createRemovalCatalog(db);
  const files = Array.from({ length: 1200 }, (_, index) => ({
    path: `file${index}`.padEnd(10, "x"),
    sha256: `hash${index}`,
    size: 1,
    executable: false,
  })).toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const tree = { hash: "large", files };
  artifacts.addTree(tree);
  expect(removal.markTree("large")).toBe(true);
  const rubbish = { jobs: [], trees: ["large"] };
  const dropped = removal.removeSome(rubbish);
  expect(dropped.size).toBeGreaterThan(0);
  expect(rubbish.trees).toEqual(["large"]);
  artifacts.addTree(tree);
  expect(artifacts.tree("large")).toEqual(tree);
  expect(removal.removeSome(rubbish).size).toBe(0);
  expect(rubbish.trees).toEqual([]);
  expect(artifacts.tree("large")).toEqual(tree);
  for (const { sha256 } of files) expect(artifacts.refs(sha256)).toBe(1);
});

test("unused trees of an older catalog are found", () => {
  const db = openDatabase(migrations.slice(0, removal0006.version - 1));
  db.exec(`
    INSERT INTO tree (hash, files, size) VALUES ('left', 0, 0), ('packs', 0, 0), ('coded', 0, 0);
    INSERT INTO experiment VALUES ('e', 'name', '/folder', 0);
    INSERT INTO experiment_version (id, experiment_id, number, spec_hash, spec_text, spec_json,
      code_tree, created_at) VALUES ('v', 'e', 1, '', '', '{}', 'coded', 0);
    ${insertJob} VALUES ('p', 'pack', NULL, 'process', 'queued', 1, 0, 0, '{"inputs":{"code":"packs"}}', 0),
      ('q', 'pack', NULL, 'process', 'queued', 1, 0, 0, '{"inputs":{}}', 0)`);
  migrate(db, () => undefined);
  expect(createRemovalCatalog(db).rubbish()).toEqual({ jobs: [], trees: ["left"] });
});
