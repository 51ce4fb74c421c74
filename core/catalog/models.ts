import type { Database } from "better-sqlite3";
import type { ModelInterface } from "../../shared/schemas/experiment.ts";
import type { Clock } from "../domain/ports.ts";
import type { TreeManifest } from "../domain/tree.ts";
import type { ArtifactCatalog } from "./artifacts.ts";
import { fromNullableJson, toNullableJson } from "./json.ts";

export type CatalogModel = {
  id: string;
  name: string;
  runId: string | null;
  tree: string;
  codeTree: string;
  /** Null when the experiment does not say how its model is asked: it cannot be attacked. */
  interface: ModelInterface | null;
  datasetId: string | null;
  createdAt: number;
  size: number;
};

type Row = Omit<CatalogModel, "interface"> & { interface_json: string | null };

const columns = `m.id, m.name, m.run_id AS runId, m.tree, m.code_tree AS codeTree, m.interface_json,
  m.dataset_id AS datasetId, m.created_at AS createdAt, t.size`;
const from = "FROM model m JOIN tree t ON t.hash = m.tree";

/** Models: what a run produced or what was imported. */
export function createModelCatalog(
  db: Database,
  clock: Clock,
  newId: () => string,
  artifacts: ArtifactCatalog,
) {
  const insert = db.prepare(
    `INSERT INTO model (id, name, run_id, tree, code_tree, interface_json, dataset_id, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const byId = db.prepare<[string], Row>(`SELECT ${columns} ${from} WHERE m.id = ?`);
  const byRun = db.prepare<[string], Row>(`SELECT ${columns} ${from} WHERE m.run_id = ?`);
  const search = db.prepare<{ name: string; id: string }, Row>(
    `SELECT ${columns} ${from} WHERE m.name = @name OR (length(@id) >= 6 AND substr(m.id, -length(@id)) = @id)
     ORDER BY m.id DESC LIMIT 10`,
  );
  const all = db.prepare<[], Row>(`SELECT ${columns} ${from} ORDER BY m.id DESC`);
  const scores = db.prepare<[string], { set: string; threatModel: string; value: number }>(
    `SELECT s.name AS "set", c.threat_model_id AS threatModel, c.value
     FROM score c JOIN attack_set s ON s.id = c.attack_set_id
     WHERE c.model_id = ? AND c.value IS NOT NULL ORDER BY s.name, c.threat_model_id`,
  );
  const remove = db.prepare<[string]>("DELETE FROM model WHERE id = ?");
  const fromRow = ({ interface_json, ...row }: Row): CatalogModel => ({
    ...row,
    interface: fromNullableJson(interface_json),
  });
  return {
    add(model: {
      name: string;
      runId: string | null;
      tree: TreeManifest;
      codeTree: string;
      interface: ModelInterface | null;
      datasetId: string | null;
    }): string {
      artifacts.addTree(model.tree);
      const id = newId();
      insert.run(
        id,
        model.name,
        model.runId,
        model.tree.hash,
        model.codeTree,
        toNullableJson(model.interface),
        model.datasetId,
        clock.now(),
      );
      return id;
    },
    get(id: string): CatalogModel {
      const row = byId.get(id);
      if (!row) throw new Error(`no model ${id}`);
      return fromRow(row);
    },
    ofRun(runId: string): CatalogModel | undefined {
      const row = byRun.get(runId);
      return row && fromRow(row);
    },
    /** By name or by at least six letters of the end of the id; at most ten. */
    search(text: string): CatalogModel[] {
      return search.all({ name: text, id: text.toUpperCase() }).map(fromRow);
    },
    /** Complete scores by attack set and threat model: those of different ones do not compare. */
    scores(id: string): { set: string; threatModel: string; value: number }[] {
      return scores.all(id);
    },
    remove(id: string): void {
      remove.run(id);
    },
    list(): CatalogModel[] {
      return all.all().map(fromRow);
    },
  };
}
