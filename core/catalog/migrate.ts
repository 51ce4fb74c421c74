import type { Database } from "better-sqlite3";
import { GauntletError } from "../../shared/errors.ts";
import { core0001 } from "./migrations/0001-core.ts";
import { sweepCells0002 } from "./migrations/0002-sweep-cells.ts";
import { runValues0003 } from "./migrations/0003-run-values.ts";
import { metricChunks0004 } from "./migrations/0004-metric-chunks.ts";
import { outcomeBlocks0005 } from "./migrations/0005-outcome-blocks.ts";
import { removal0006 } from "./migrations/0006-removal.ts";
import { datasetStamp0007 } from "./migrations/0007-dataset-stamp.ts";
import { scoreValues0008 } from "./migrations/0008-score-values.ts";
import { annotations0009 } from "./migrations/0009-annotations.ts";
import { conditions0010 } from "./migrations/0010-conditions.ts";
import { datasetCache0011 } from "./migrations/0011-dataset-cache.ts";

export type Migration = {
  version: number;
  name: string;
  sql: string;
  /** What SQL alone cannot do, such as packing old rows anew; runs after `sql`, in its transaction. */
  convert?(db: Database): void;
};

/** Every migration in order; versions are 1, 2, 3 and so on. Forward only. */
export const migrations: readonly Migration[] = [
  core0001,
  sweepCells0002,
  runValues0003,
  metricChunks0004,
  outcomeBlocks0005,
  removal0006,
  datasetStamp0007,
  scoreValues0008,
  annotations0009,
  conditions0010,
  datasetCache0011,
];

/**
 * Brings a catalog to the newest version, one transaction per migration. `backup` is called once
 * before the first change of a catalog that holds something. A migration that fails leaves the
 * file as it was before it. Throws CATALOG_TOO_NEW and MIGRATION_FAILED.
 */
export function migrate(
  db: Database,
  backup: (version: number) => void,
  list: readonly Migration[] = migrations,
): void {
  const current = db.pragma("user_version", { simple: true });
  if (typeof current !== "number") throw new Error("SQLite gave no user_version");
  const newest = list.length;
  if (current > newest)
    throw new GauntletError(
      "CATALOG_TOO_NEW",
      `The catalog has version ${current}; this Gauntlet knows versions up to ${newest}.`,
    );
  if (current === newest) return;
  if (current > 0) backup(current);
  for (const migration of list.slice(current)) apply(db, migration);
}

function apply(db: Database, migration: Migration): void {
  // Foreign keys must be off while tables are rebuilt; the check before commit makes up for it.
  db.pragma("foreign_keys = OFF");
  try {
    db.transaction(() => {
      db.exec(migration.sql);
      migration.convert?.(db);
      const broken = db.pragma("foreign_key_check");
      if (Array.isArray(broken) && broken.length > 0)
        throw new Error(`${broken.length} rows refer to rows that are gone`);
      db.pragma(`user_version = ${migration.version}`);
    }).immediate();
  } catch (cause) {
    throw new GauntletError(
      "MIGRATION_FAILED",
      `Bringing the catalog to version ${migration.version} (${migration.name}) failed: ${
        cause instanceof Error ? cause.message : String(cause)
      }.`,
      { cause },
    );
  } finally {
    db.pragma("foreign_keys = ON");
  }
}
