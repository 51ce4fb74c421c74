import { expect, test } from "vitest";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { migrations } from "../migrate.ts";
import { openCatalog } from "../open.ts";

/** A sweep of the first version, with its runs in the order of their ids. */
function catalogWith(runs: { evaluate: 0 | 1; dataset: string; point: string }[]): string {
  const folder = temporaryFolder();
  const { db, close } = openCatalog(folder, migrations.slice(0, 1));
  db.exec(`
    INSERT INTO tree VALUES ('t', 0, 0);
    INSERT INTO experiment VALUES ('e', 'toy', '/toy', 1);
    INSERT INTO experiment_version (id, experiment_id, number, spec_hash, spec_text, spec_json, code_tree, created_at)
      VALUES ('v', 'e', 1, 'h', 'name: toy', '{"name":"toy","train":{"command":["node"]}}', 't', 1);
    INSERT INTO dataset VALUES ('d1', 'toy', '1', 'a', '/a', '{}', 0, 1), ('d2', 'toy', '2', 'b', '/b', '{}', 0, 2);
    INSERT INTO sweep (id, name, experiment_version_id, method, values_json, created_at)
      VALUES ('s', 'toy', 'v', 'grid', '{}', 1);`);
  const insert = db.prepare(
    `INSERT INTO run (id, name, experiment_version_id, sweep_id, label, point_key, parameters_json, seed,
       dataset_id, evaluate, state, created_at) VALUES (?, ?, 'v', 's', '', ?, '{}', 0, ?, ?, 'succeeded', 1)`,
  );
  runs.forEach(({ evaluate, dataset, point }, index) =>
    insert.run(`r${index}`, `run-${index}`, point, dataset, evaluate),
  );
  close();
  return folder;
}

function sweepOf(folder: string): unknown {
  const { db, close } = openCatalog(folder);
  const sweep = db.prepare("SELECT evaluate, dataset_id FROM sweep").get();
  const cells = db.prepare("SELECT position, point_key, run_id FROM sweep_cell ORDER BY 1").all();
  close();
  return { sweep, cells };
}

test("a sweep that was not to be evaluated stays one; its newest dataset and runs count", () => {
  const folder = catalogWith([
    { evaluate: 0, dataset: "d1", point: "p" },
    { evaluate: 0, dataset: "d2", point: "q" },
    { evaluate: 0, dataset: "d2", point: "p" },
  ]);
  expect(sweepOf(folder)).toEqual({
    sweep: { evaluate: 0, dataset_id: "d2" },
    cells: [
      { position: 0, point_key: "p", run_id: "r2" },
      { position: 1, point_key: "q", run_id: "r1" },
    ],
  });
});

test("a sweep of which any run was evaluated, or that has none, is one that evaluates", () => {
  const some = catalogWith([
    { evaluate: 0, dataset: "d1", point: "p" },
    { evaluate: 1, dataset: "d1", point: "q" },
  ]);
  expect(sweepOf(some)).toMatchObject({ sweep: { evaluate: 1 } });
  expect(sweepOf(catalogWith([]))).toMatchObject({ sweep: { evaluate: 1, dataset_id: null } });
});
