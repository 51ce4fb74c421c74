import Database from "better-sqlite3";
import { GauntletError } from "../../shared/errors.ts";
import type { SqlResult } from "../../shared/runs-table.ts";

/** A result with more bytes of text than this is cut, as one with too many rows is. */
const mostBytes = 32 * 2 ** 20;

/**
 * Runs one SELECT, VALUES, WITH or EXPLAIN and gives back at most `limit` rows. Throws SQL_INVALID
 * for anything else and for what SQLite refuses.
 */
export function runSql(
  db: Database.Database,
  { statement, limit }: { statement: string; limit: number },
): SqlResult {
  const started = performance.now();
  if (!/^(\s|--[^\n]*(\n|$)|\/\*.*?\*\/)*(select|values|with|explain)\b/isu.test(statement))
    throw new GauntletError("SQL_INVALID", "Only reading is possible: SELECT, WITH or VALUES.");
  try {
    const prepared = db.prepare<[], unknown[]>(statement);
    if (!prepared.reader || !prepared.readonly)
      throw new GauntletError("SQL_INVALID", "Only reading is possible: SELECT, WITH or VALUES.");
    prepared.raw();
    const rows: SqlResult["rows"] = [];
    let bytes = 0;
    let truncated = false;
    for (const values of prepared.iterate()) {
      if (rows.length === limit || bytes > mostBytes) {
        truncated = true;
        break;
      }
      const row = values.map(plainValue);
      for (const value of row) bytes += typeof value === "string" ? value.length : 8;
      rows.push(row);
    }
    return {
      columns: prepared.columns().map(({ name }) => name),
      rows,
      truncated,
      milliseconds: performance.now() - started,
    };
  } catch (error) {
    if (!(error instanceof Database.SqliteError) && !(error instanceof RangeError)) throw error;
    throw new GauntletError("SQL_INVALID", `SQLite says: ${error.message}.`, { cause: error });
  }
}

function plainValue(value: unknown): number | string | null {
  if (typeof value === "number" || typeof value === "string" || value === null) return value;
  if (value instanceof Uint8Array) return `x'${Buffer.from(value).toString("hex")}'`;
  throw new Error(`SQLite gave a value of type ${typeof value}`);
}
