/**
 * Answers reads on a read-only connection, one after another: as a worker thread, or as a child
 * process whose argument is the catalog's file. Started by reader.ts.
 */
import { parentPort, workerData } from "node:worker_threads";
import Database from "better-sqlite3";
import { GauntletError } from "../../shared/errors.ts";
import { idleWork, readFunctions } from "./read-functions.ts";
import type { ReadAnswer, ReadRequest } from "./reader.ts";
import { createSqlViews } from "./sql-views.ts";

/** How long nobody may have asked before columns are loaded in advance, ms. */
const idleDelay = 150;

const file = parentPort ? (workerData as { file: string }).file : (process.argv[2] ?? "");
const db = new Database(file, { readonly: true, fileMustExist: true });
db.pragma("busy_timeout = 5000");
db.pragma("mmap_size = 1073741824"); // half the time of a column's scan
createSqlViews(db);
db.pragma("query_only = ON");

let idle: NodeJS.Timeout | undefined;

function handle(request: ReadRequest): void {
  clearTimeout(idle);
  send(answer(request));
  idle = setTimeout(workAhead, idleDelay);
  idle.unref();
}

function answer({ name, input }: ReadRequest): ReadAnswer {
  try {
    // The type of each function's input is checked where reader.read is called.
    const read = readFunctions[name] as (db: Database.Database, input: unknown) => unknown;
    return { ok: true, output: read(db, input) };
  } catch (error) {
    if (error instanceof GauntletError) return { ok: false, expected: error.toData() };
    return {
      ok: false,
      fault: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}

/** One short piece of work at a time, so that a request never waits for long. */
function workAhead(): void {
  if (!idleWork(db)) return;
  idle = setTimeout(workAhead, 0);
  idle.unref();
}

function send(message: ReadAnswer): void {
  if (parentPort) parentPort.postMessage(message);
  else process.send?.(message);
}

if (parentPort) parentPort.on("message", handle);
else {
  process.on("message", (message) => handle(message as ReadRequest));
  process.on("disconnect", () => process.exit());
}
