import type { Database } from "better-sqlite3";
import type { Clock, DatasetRecord } from "../domain/ports.ts";
import { fromJson } from "./json.ts";

export type CatalogDataset = DatasetRecord & {
  id: string;
  createdAt: number;
  /** What its files looked like when they were last found right; null: not looked at yet. */
  stamp: string | null;
};

type Row = Omit<CatalogDataset, "manifest"> & { manifest_json: string };

const columns =
  "id, name, version, hash, folder, manifest_json, size, stamp, created_at AS createdAt";

/** Packed datasets by content hash. The newest of a name is what a name alone means. */
export function createDatasetCatalog(db: Database, clock: Clock, newId: () => string) {
  const upsert = db.prepare<unknown[], { id: string }>(
    `INSERT INTO dataset (id, name, version, hash, folder, manifest_json, size, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (name, hash) DO UPDATE SET folder = excluded.folder RETURNING id`,
  );
  const newest = db.prepare<[string], Row>(
    `SELECT ${columns} FROM dataset WHERE name = ? ORDER BY id DESC LIMIT 1`,
  );
  const byId = db.prepare<[string], Row>(`SELECT ${columns} FROM dataset WHERE id = ?`);
  const all = db.prepare<[], Row>(`SELECT ${columns} FROM dataset ORDER BY name, id DESC`);
  const setStamp = db.prepare<[string, string]>("UPDATE dataset SET stamp = ? WHERE id = ?");
  const fromRow = ({ manifest_json, ...row }: Row): CatalogDataset => ({
    ...row,
    manifest: fromJson(manifest_json),
  });
  return {
    add(dataset: DatasetRecord): string {
      const row = upsert.get(
        newId(),
        dataset.name,
        dataset.version,
        dataset.hash,
        dataset.folder,
        JSON.stringify(dataset.manifest),
        dataset.size,
        clock.now(),
      );
      if (!row) throw new Error("upsert of a dataset returned nothing");
      return row.id;
    },
    setStamp(id: string, stamp: string): void {
      setStamp.run(stamp, id);
    },
    newest(name: string): CatalogDataset | undefined {
      const row = newest.get(name);
      return row && fromRow(row);
    },
    get(id: string): CatalogDataset {
      const row = byId.get(id);
      if (!row) throw new Error(`no dataset ${id}`);
      return fromRow(row);
    },
    list(): CatalogDataset[] {
      return all.all().map(fromRow);
    },
  };
}
