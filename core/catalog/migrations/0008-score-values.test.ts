import { expect, test } from "vitest";
import { fillCatalog } from "../../../tests/support/many-runs.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { openCatalog } from "../open.ts";
import { scoreValues0008 } from "./0008-score-values.ts";

/** Two runs with a score under each of two threat models, as version 7 has them. */
const scored = `
INSERT INTO model (id, name, run_id, tree, code_tree, created_at)
SELECT 'M' || no, name, id, 't', 't', 0 FROM run;
INSERT INTO dataset (id, name, version, hash, folder, manifest_json, size, created_at)
VALUES ('D', 'digits', '1', 'h', '/d', '{}', 1, 1);
INSERT INTO attack_set VALUES ('A', 'Top five', '2026-01-01', 1, 1);
INSERT INTO threat_model VALUES ('T1', 'l2', 1, NULL, 0, 1, 0, NULL, 'D', 'test', 1, '{}'),
  ('T2', 'l2', 1, NULL, 0, 1, 0, 5, 'D', 'test', 1, '{}');
INSERT INTO score
SELECT m.id, 'A', t.id, 'complete', 1.5, 1, 1, '{}', 14 FROM model m, threat_model t;
INSERT INTO run_column (id, kind, name, threat_model_id)
VALUES (1001, 'score', 'Top five', 'T1'), (1002, 'score', 'Top five', 'T2');
INSERT INTO run_value (column_id, run_no, number)
SELECT c.id, r.no, 1.5 FROM run r, run_column c WHERE c.kind = 'score';
`;

test("values without a kept score go, then and from now on", () => {
  const folder = temporaryFolder();
  fillCatalog(folder, 2);
  const { db, close } = openCatalog(folder);
  db.exec(`DROP TRIGGER score_removed; ${scored}
    DELETE FROM score WHERE model_id = 'M1' AND threat_model_id = 'T1';
    UPDATE score SET state = 'incomplete', value = NULL
    WHERE model_id = 'M2' AND threat_model_id = 'T2'`);
  const left = () =>
    db.prepare("SELECT column_id, run_no FROM run_value WHERE column_id > 1000").raw().all();
  expect(left()).toHaveLength(4);
  db.exec(scoreValues0008.sql);
  expect(left()).toEqual([
    [1001, 2],
    [1002, 1],
  ]);
  const clock = () => db.prepare("SELECT no, changed FROM run ORDER BY no").raw().all();
  db.exec("DELETE FROM score WHERE model_id = 'M2'");
  expect(left()).toEqual([[1002, 1]]);
  expect(clock()).toEqual([
    [1, 1],
    [2, 3],
  ]);
  expect(db.prepare("SELECT id, runs FROM run_column WHERE id > 1000").raw().all()).toEqual([
    [1001, 0],
    [1002, 1],
  ]);
  close();
});
