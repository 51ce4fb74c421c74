import type { Database } from "better-sqlite3";
import type { Experiment } from "../../../shared/schemas/experiment.ts";
import { recipeText } from "../../domain/recipe.ts";
import type { TreeFile } from "../../domain/tree.ts";
import { sha256 } from "../../platform/sha256.ts";
import { fromJson } from "../json.ts";

/**
 * Sweeps as cells: a sweep is a set of points, each with the run that stands for it. `recipe_hash`
 * tells versions apart by what they compute (domain/recipe.ts); cells are shared between versions
 * with the same one.
 */
export const sweepCells0002 = {
  version: 2,
  name: "sweep-cells",
  sql: `
ALTER TABLE experiment_version ADD COLUMN recipe_hash TEXT NOT NULL DEFAULT '';
CREATE INDEX experiment_version_recipe ON experiment_version (recipe_hash);

ALTER TABLE run ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;

ALTER TABLE sweep ADD COLUMN dataset_id TEXT REFERENCES dataset (id);
ALTER TABLE sweep ADD COLUMN evaluate INTEGER NOT NULL DEFAULT 1 CHECK (evaluate IN (0, 1));
ALTER TABLE sweep ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
-- How often it was stopped: cells that were asked for before a stop are not queued after it.
ALTER TABLE sweep ADD COLUMN stops INTEGER NOT NULL DEFAULT 0;

-- wanted: the cell is to get a run that it has not got yet; a core that finds one makes it.
-- again: that run is to be a new one even where the same point has succeeded before.
CREATE TABLE sweep_cell (
  sweep_id TEXT NOT NULL REFERENCES sweep (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  point_key TEXT NOT NULL,
  label TEXT NOT NULL,
  parameters_json TEXT NOT NULL,
  seed INTEGER NOT NULL,
  run_id TEXT REFERENCES run (id) ON DELETE SET NULL,
  wanted INTEGER NOT NULL CHECK (wanted IN (0, 1)),
  again INTEGER NOT NULL CHECK (again IN (0, 1)),
  PRIMARY KEY (sweep_id, position),
  UNIQUE (sweep_id, point_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX sweep_cell_run ON sweep_cell (run_id);
CREATE INDEX sweep_cell_wanted ON sweep_cell (sweep_id, position) WHERE wanted = 1;

-- Cells of older sweeps: of several runs of one point the newest stands for it.
INSERT INTO sweep_cell (sweep_id, position, point_key, label, parameters_json, seed, run_id, wanted, again)
  SELECT sweep_id, row_number() OVER (PARTITION BY sweep_id ORDER BY min(id)) - 1,
    point_key, label, parameters_json, seed, max(id), 0, 0
  FROM run WHERE sweep_id IS NOT NULL GROUP BY sweep_id, point_key;
UPDATE sweep SET
  dataset_id = (SELECT dataset_id FROM run WHERE run.sweep_id = sweep.id ORDER BY id DESC LIMIT 1),
  evaluate = coalesce((SELECT max(evaluate) FROM run WHERE run.sweep_id = sweep.id), 1);
`,
  convert(db: Database): void {
    const versions = db
      .prepare<[], { id: string; spec_json: string; code_tree: string }>(
        "SELECT id, spec_json, code_tree FROM experiment_version",
      )
      .all();
    const filesOf = db.prepare<[string], Omit<TreeFile, "executable"> & { executable: number }>(
      "SELECT path, sha256, size, executable FROM tree_file WHERE tree = ? ORDER BY path",
    );
    const setRecipe = db.prepare<[string, string]>(
      "UPDATE experiment_version SET recipe_hash = ? WHERE id = ?",
    );
    for (const { id, spec_json, code_tree } of versions) {
      const files = filesOf
        .all(code_tree)
        .map((file): TreeFile => ({ ...file, executable: file.executable === 1 }));
      setRecipe.run(
        sha256(recipeText(fromJson<Experiment>(spec_json), files, "gauntlet.yaml")),
        id,
      );
    }
  },
};
