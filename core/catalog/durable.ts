import type { Database } from "better-sqlite3";

/**
 * Runs `work` so that what it commits is on the disk when it returns, and with it all that was
 * committed before. Else a power cut may take back the last commits: none of the points that are
 * read from files, for their offsets go back as well, but what a user was told, and results whose
 * files are removed after the commit. Costs one sync of the write-ahead log. Inside a transaction
 * it is the outer one that counts.
 */
export function durably<T>(db: Database, work: () => T): T {
  if (db.inTransaction) return work();
  db.pragma("synchronous = FULL");
  try {
    return work();
  } finally {
    db.pragma("synchronous = NORMAL");
  }
}
