import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { type Migration, migrate, migrations } from "./migrate.ts";
import { takeOwnership } from "./owner-lock.ts";
import { translateSqliteError } from "./sqlite-errors.ts";

const backupsKept = 3;

export type OpenCatalog = { db: Database.Database; close(): void };

/**
 * Opens the catalog of a data folder as its only owner and brings it to the newest version.
 * Throws CATALOG_IN_USE, CATALOG_TOO_NEW, CATALOG_DAMAGED, MIGRATION_FAILED, DISK_FULL,
 * DATA_FOLDER_READ_ONLY.
 */
export function openCatalog(folder: string, list: readonly Migration[] = migrations): OpenCatalog {
  const lock = takeOwnership(folder);
  let db: Database.Database | undefined;
  try {
    db = new Database(join(folder, "catalog.sqlite"));
    db.pragma("journal_mode = WAL"); // readers never wait for the writer
    db.pragma("synchronous = NORMAL"); // with WAL: safe against a crash of the process
    db.pragma("foreign_keys = ON");
    db.pragma("busy_timeout = 5000");
    db.pragma("journal_size_limit = 8388608"); // a burst of writes must not leave a huge WAL
    // 256 MB, the last resort: checkpoints.ts moves the log from a thread long before.
    db.pragma("wal_autocheckpoint = 65536");
    migrate(db, (version) => backUp(db, folder, version), list);
  } catch (error) {
    db?.close();
    lock.release();
    throw translateSqliteError(error, folder);
  }
  const opened = db;
  return {
    db: opened,
    close() {
      opened.close();
      lock.release();
    },
  };
}

/** A complete copy of the catalog before a migration; the newest few are kept. */
function backUp(db: Database.Database | undefined, folder: string, version: number): void {
  const backups = join(folder, "backups");
  mkdirSync(backups, { recursive: true });
  const name = `catalog-v${version}-${new Date().toISOString().replaceAll(":", "-")}.sqlite`;
  db?.prepare("VACUUM INTO ?").run(join(backups, name));
  const old = readdirSync(backups)
    .filter((file) => file.startsWith("catalog-v"))
    .toSorted()
    .slice(0, -backupsKept);
  for (const file of old) rmSync(join(backups, file));
}
