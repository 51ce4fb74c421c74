import type { Database } from "better-sqlite3";
import type { Experiment } from "../../shared/schemas/experiment.ts";
import type { Clock } from "../domain/ports.ts";
import type { TreeManifest } from "../domain/tree.ts";
import type { ArtifactCatalog } from "./artifacts.ts";
import { fromJson } from "./json.ts";

export type ExperimentVersion = {
  id: string;
  experimentId: string;
  name: string;
  folder: string;
  number: number;
  spec: Experiment;
  specText: string;
  codeTree: string;
  gitCommit: string | null;
  gitBranch: string | null;
  gitDiff: string | null;
};

/** Experiments and each version of them: spec, code, git commit and uncommitted diff. */
export function createExperimentCatalog(
  db: Database,
  clock: Clock,
  newId: () => string,
  artifacts: ArtifactCatalog,
) {
  const upsert = db.prepare<[string, string, string, number], { id: string }>(
    `INSERT INTO experiment (id, name, folder, created_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (name, folder) DO UPDATE SET name = name RETURNING id`,
  );
  const sameVersion = db.prepare<
    [string, string, string, string | null, string | null],
    { id: string }
  >(
    `SELECT id FROM experiment_version
     WHERE experiment_id = ? AND spec_hash = ? AND code_tree = ? AND git_commit IS ? AND git_diff IS ?`,
  );
  const insertVersion = db.prepare(
    `INSERT INTO experiment_version (id, experiment_id, number, spec_hash, spec_text, spec_json,
       recipe_hash, code_tree, git_commit, git_branch, git_diff, created_at)
     SELECT @id, @experimentId, coalesce(max(number), 0) + 1, @specHash, @specText, @spec,
       @recipeHash, @codeTree, @gitCommit, @gitBranch, @gitDiff, @now
     FROM experiment_version WHERE experiment_id = @experimentId`,
  );
  const selectOne = db.prepare<[string], Omit<ExperimentVersion, "spec"> & { spec_json: string }>(
    `SELECT v.id, v.experiment_id AS experimentId, e.name, e.folder, v.number, v.spec_json,
       v.spec_text AS specText, v.code_tree AS codeTree, v.git_commit AS gitCommit,
       v.git_branch AS gitBranch, v.git_diff AS gitDiff
     FROM experiment_version v JOIN experiment e ON e.id = v.experiment_id WHERE v.id = ?`,
  );

  return {
    /** The version that is exactly this, made when it is new. Returns its id. */
    ensureVersion(version: {
      name: string;
      folder: string;
      spec: Experiment;
      specText: string;
      specHash: string;
      /** Hash of domain/recipe.ts: versions that share it share their cells. */
      recipeHash: string;
      code: TreeManifest;
      gitCommit: string | null;
      gitBranch: string | null;
      gitDiff: string | null;
    }): string {
      const { spec, code, name, folder, ...rest } = version;
      artifacts.addTree(code);
      const experiment = upsert.get(newId(), name, folder, clock.now());
      if (!experiment) throw new Error("upsert of an experiment returned nothing");
      const same = sameVersion.get(
        experiment.id,
        version.specHash,
        code.hash,
        version.gitCommit,
        version.gitDiff,
      );
      if (same) return same.id;
      const id = newId();
      insertVersion.run({
        ...rest,
        id,
        experimentId: experiment.id,
        spec: JSON.stringify(spec),
        codeTree: code.hash,
        now: clock.now(),
      });
      return id;
    },
    version(id: string): ExperimentVersion {
      const row = selectOne.get(id);
      if (!row) throw new Error(`no experiment version ${id}`);
      const { spec_json, ...rest } = row;
      return { ...rest, spec: fromJson(spec_json) };
    },
  };
}
