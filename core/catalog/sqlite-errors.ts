import Database from "better-sqlite3";
import { GauntletError } from "../../shared/errors.ts";

/** Turns what SQLite says into an error a user can act on; anything else passes through. */
export function translateSqliteError(error: unknown, folder: string): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  const { code } = error;
  if (code === "SQLITE_FULL")
    return new GauntletError("DISK_FULL", `The disk of ${folder} is full.`, { cause: error });
  if (code.startsWith("SQLITE_READONLY") || code.startsWith("SQLITE_CANTOPEN"))
    return new GauntletError(
      "DATA_FOLDER_READ_ONLY",
      `The data folder ${folder} cannot be written (${error.message}).`,
      { cause: error },
    );
  if (code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB")
    return new GauntletError("CATALOG_DAMAGED", `The catalog in ${folder} is damaged.`, {
      cause: error,
    });
  if (code.startsWith("SQLITE_BUSY"))
    return new GauntletError("CATALOG_IN_USE", `The catalog in ${folder} is in use.`, {
      cause: error,
    });
  return error;
}

/** The same methods, with errors of SQLite translated. */
export function translatingSqliteErrors<T extends object>(methods: T, folder: string): T {
  const translated = Object.entries(methods).map(([name, method]: [string, unknown]) => {
    if (typeof method !== "function") return [name, method];
    return [
      name,
      (...args: unknown[]): unknown => {
        try {
          return Reflect.apply(method, methods, args);
        } catch (error) {
          throw translateSqliteError(error, folder);
        }
      },
    ];
  });
  return Object.fromEntries(translated) as T;
}
