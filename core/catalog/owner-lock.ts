import { readFileSync, writeFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { GauntletError } from "../../shared/errors.ts";
import { translateSqliteError } from "./sqlite-errors.ts";

/**
 * Makes this process the only owner of a data folder until `release` or the process's end. The
 * lock is an exclusive SQLite transaction, which the system drops even after kill -9.
 * Throws CATALOG_IN_USE with the other owner's process id where it is known.
 */
export function takeOwnership(folder: string): { release(): void } {
  const file = join(folder, "owner.sqlite");
  const note = join(folder, "owner.json");
  let db: Database.Database | undefined;
  try {
    // Not at once: an owner that was killed leaves a journal, whose clean-up takes a moment.
    db = new Database(file, { timeout: 200 });
    db.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    db?.close();
    if (cause instanceof Database.SqliteError && cause.code.startsWith("SQLITE_BUSY"))
      throw new GauntletError(
        "CATALOG_IN_USE",
        `The data folder ${folder} belongs to another Gauntlet${describeOwner(note)}.`,
        { cause },
      );
    throw translateSqliteError(cause, folder);
  }
  const held = db;
  // Only for people and messages: the lock above is what counts.
  writeFileSync(note, JSON.stringify({ pid: process.pid, since: new Date().toISOString() }));
  return {
    release() {
      rmSync(note, { force: true });
      held.close();
    },
  };
}

function describeOwner(note: string): string {
  let pid: unknown;
  try {
    pid = (JSON.parse(readFileSync(note, "utf8")) as { pid?: unknown }).pid;
  } catch {
    return ""; // The note is a courtesy; without it the message is shorter.
  }
  return typeof pid === "number" ? ` (process ${pid})` : "";
}
