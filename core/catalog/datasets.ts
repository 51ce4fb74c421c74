import type { Database } from "better-sqlite3";
import type { Clock, DatasetRecord } from "../domain/ports.ts";
import type { DatasetSource } from "../domain/dataset-source.ts";
import { fromJson, fromNullableJson } from "./json.ts";

export type CatalogDataset = DatasetRecord & {
  id: string;
  createdAt: number;
  /** What its files looked like when they were last found right; null: not looked at yet. */
  stamp: string | null;
  /** What it can be made again from; null: what is packed is the only copy. */
  source: DatasetSource | null;
  /** When a job last began with it, or it was added; null: not since this is noted. */
  usedAt: number | null;
  /** When its images were removed to make room; null: they are there. */
  droppedAt: number | null;
};

type Row = Omit<CatalogDataset, "manifest" | "source"> & {
  manifest_json: string;
  source_json: string | null;
};

const columns = `id, name, version, hash, folder, manifest_json, size, stamp, source_json, used_at AS usedAt,
   dropped_at AS droppedAt, created_at AS createdAt`;

/** Packed datasets by content hash. The newest of a name is what a name alone means. */
export function createDatasetCatalog(db: Database, clock: Clock, newId: () => string) {
  const upsert = db.prepare<unknown[], { id: string }>(
    `INSERT INTO dataset (id, name, version, hash, folder, manifest_json, size, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (name, hash) DO UPDATE SET folder = excluded.folder, dropped_at = NULL
     RETURNING id`,
  );
  const newest = db.prepare<[string], Row>(
    `SELECT ${columns} FROM dataset WHERE name = ? ORDER BY id DESC LIMIT 1`,
  );
  const byId = db.prepare<[string], Row>(`SELECT ${columns} FROM dataset WHERE id = ?`);
  const all = db.prepare<[], Row>(`SELECT ${columns} FROM dataset ORDER BY name, id DESC`);
  const setStamp = db.prepare<[string, string]>("UPDATE dataset SET stamp = ? WHERE id = ?");
  const setSource = db.prepare<[string, string]>("UPDATE dataset SET source_json = ? WHERE id = ?");
  const byHash = db.prepare<[string], Row>(
    `SELECT ${columns} FROM dataset WHERE hash = ? ORDER BY id DESC LIMIT 1`,
  );
  const setUsed = db.prepare<[number, string]>("UPDATE dataset SET used_at = ? WHERE id = ?");
  const setDropped = db.prepare<[number | null, string]>(
    "UPDATE dataset SET dropped_at = ? WHERE id = ?",
  );
  const inUse = db
    .prepare<[], string>(
      `SELECT DISTINCT dataset_id FROM run
       WHERE state IN ('queued', 'running') AND dataset_id IS NOT NULL
       UNION SELECT DISTINCT t.dataset_id FROM evaluation e
         JOIN threat_model t ON t.id = e.threat_model_id
       WHERE e.state IN ('queued', 'attacking', 'verifying')`,
    )
    .pluck();
  const fromRow = ({ manifest_json, source_json, ...row }: Row): CatalogDataset => ({
    ...row,
    manifest: fromJson(manifest_json),
    source: fromNullableJson(source_json),
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
    setSource(id: string, source: DatasetSource): void {
      setSource.run(JSON.stringify(source), id);
    },
    /** Notes that a job begins with it, or that somebody wants it. */
    setUsed(id: string): void {
      setUsed.run(clock.now(), id);
    },
    setDropped(id: string, isDropped: boolean): void {
      setDropped.run(isDropped ? clock.now() : null, id);
    },
    /** Ids of those that a run or an evaluation needs which has not ended. */
    inUse(): Set<string> {
      return new Set(inUse.all());
    },
    withHash(hash: string): CatalogDataset | undefined {
      const row = byHash.get(hash);
      return row && fromRow(row);
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
