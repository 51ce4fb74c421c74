import type { Database } from "better-sqlite3";
import { type Attack, attackLabel } from "../../shared/schemas/attack.ts";
import type { Clock } from "../domain/ports.ts";
import type { TreeManifest } from "../domain/tree.ts";
import type { ArtifactCatalog } from "./artifacts.ts";
import { fromJson } from "./json.ts";

export type CatalogAttack = { id: string; tree: string; definition: Attack; createdAt: number };
export type AttackSet = {
  id: string;
  name: string;
  /** ISO date that the set stands for. */
  date: string;
  active: boolean;
  attacks: CatalogAttack[];
};

type AttackRow = { id: string; tree: string; definition_json: string; createdAt: number };
type SetRow = { id: string; name: string; date: string; active: number };

const columns = "a.id, a.tree, a.definition_json, a.created_at AS createdAt";

function attackFrom(row: AttackRow): CatalogAttack {
  return {
    id: row.id,
    tree: row.tree,
    definition: fromJson(row.definition_json),
    createdAt: row.createdAt,
  };
}

/** Attacks by name@version and the ordered sets made of them, of which one is active. */
export function createAttackCatalog(
  db: Database,
  clock: Clock,
  newId: () => string,
  artifacts: ArtifactCatalog,
) {
  const insert = db.prepare(
    `INSERT INTO attack (id, name, version, tree, definition_json, norm, access, minimal, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const byLabel = db.prepare<[string, string], AttackRow>(
    `SELECT ${columns} FROM attack a WHERE a.name = ? AND a.version = ?`,
  );
  const newestByName = db.prepare<[string], AttackRow>(
    `SELECT ${columns} FROM attack a WHERE a.name = ? ORDER BY a.id DESC LIMIT 1`,
  );
  const byId = db.prepare<[string], AttackRow>(`SELECT ${columns} FROM attack a WHERE a.id = ?`);
  const all = db.prepare<[], AttackRow>(`SELECT ${columns} FROM attack a ORDER BY a.name, a.id`);
  const setColumns = "id, name, date, active";
  const setByName = db.prepare<[string], SetRow>(
    `SELECT ${setColumns} FROM attack_set WHERE name = ?`,
  );
  const activeSet = db.prepare<[], SetRow>(`SELECT ${setColumns} FROM attack_set WHERE active = 1`);
  const allSets = db.prepare<[], SetRow>(
    `SELECT ${setColumns} FROM attack_set ORDER BY date DESC, id DESC`,
  );
  const members = db.prepare<[string], AttackRow>(
    `SELECT ${columns} FROM attack_set_member m JOIN attack a ON a.id = m.attack_id
     WHERE m.set_id = ? ORDER BY m.position`,
  );
  const insertSet = db.prepare<[string, string, string, number]>(
    "INSERT INTO attack_set (id, name, date, created_at) VALUES (?, ?, ?, ?)",
  );
  const insertMember = db.prepare<[string, number, string]>(
    "INSERT INTO attack_set_member (set_id, position, attack_id) VALUES (?, ?, ?)",
  );
  const deactivate = db.prepare("UPDATE attack_set SET active = 0 WHERE active = 1");
  const activate = db.prepare<[string]>("UPDATE attack_set SET active = 1 WHERE id = ?");

  // A score under a set needs an evaluation by its first attack.
  const unscored = db.prepare<
    { set: string; after: string; last: string },
    { modelId: string; threatModelId: string }
  >(
    `SELECT e.model_id AS modelId, e.threat_model_id AS threatModelId
     FROM attack_set_member m CROSS JOIN evaluation e
     WHERE m.set_id = @set AND m.position = 0 AND e.attack_id = m.attack_id
       AND e.state = 'verified' AND e.model_id > @after AND e.model_id <= @last
       AND NOT EXISTS (SELECT 1 FROM score s WHERE s.model_id = e.model_id
         AND s.attack_set_id = m.set_id AND s.threat_model_id = e.threat_model_id)
     ORDER BY e.model_id, e.threat_model_id`,
  );

  const setFrom = (row: SetRow): AttackSet => ({
    ...row,
    active: row.active === 1,
    attacks: members.all(row.id).map(attackFrom),
  });

  return {
    add(definition: Attack, tree: TreeManifest): CatalogAttack {
      artifacts.addTree(tree);
      const id = newId();
      insert.run(
        id,
        definition.name,
        definition.version,
        tree.hash,
        JSON.stringify(definition),
        definition.norm,
        definition.access,
        definition.minimal ? 1 : 0,
        clock.now(),
      );
      return { id, tree: tree.hash, definition, createdAt: clock.now() };
    },
    /** By `name@version`, or by name alone: then the newest version. */
    find(label: string): CatalogAttack | undefined {
      const at = label.lastIndexOf("@");
      const row =
        at > 0 ? byLabel.get(label.slice(0, at), label.slice(at + 1)) : newestByName.get(label);
      return row && attackFrom(row);
    },
    get(id: string): CatalogAttack {
      const row = byId.get(id);
      if (!row) throw new Error(`no attack ${id}`);
      return attackFrom(row);
    },
    list(): CatalogAttack[] {
      return all.all().map(attackFrom);
    },
    labels(): string[] {
      return all.all().map((row) => attackLabel(attackFrom(row).definition));
    },
    addSet(name: string, date: string, attackIds: readonly string[]): string {
      const id = newId();
      insertSet.run(id, name, date, clock.now());
      for (const [position, attackId] of attackIds.entries())
        insertMember.run(id, position, attackId);
      return id;
    },
    activate(setId: string): void {
      deactivate.run();
      activate.run(setId);
    },
    set(name: string): AttackSet | undefined {
      const row = setByName.get(name);
      return row && setFrom(row);
    },
    activeSet(): AttackSet | undefined {
      const row = activeSet.get();
      return row && setFrom(row);
    },
    /**
     * Models, of those behind `after` up to `last`, that a set's first attack is verified on and that
     * have no kept score under the set, by threat model.
     */
    unscored: (set: string, after: string, last: string) => unscored.all({ set, after, last }),
    sets(): AttackSet[] {
      return allSets.all().map(setFrom);
    },
  };
}
