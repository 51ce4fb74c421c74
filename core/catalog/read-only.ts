import { existsSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { migrations } from "./migrate.ts";

/**
 * Reads a catalog without owning it: no lock is taken, no folder is made, no row changed, and a core
 * that owns the folder goes on undisturbed. SQLite leaves an empty catalog.sqlite-wal and -shm where
 * nobody owns it, which the next owner takes away. Undefined where there is no catalog or where it
 * is not of this Gauntlet's version. Throws what SQLite throws for a file that it cannot read.
 */
export function readCatalog<T>(folder: string, use: (db: Database.Database) => T): T | undefined {
  const file = join(folder, "catalog.sqlite");
  if (!existsSync(file)) return undefined;
  const db = new Database(file, { readonly: true, fileMustExist: true, timeout: 200 });
  try {
    if (db.pragma("user_version", { simple: true }) !== migrations.length) return undefined;
    return use(db);
  } finally {
    db.close();
  }
}
