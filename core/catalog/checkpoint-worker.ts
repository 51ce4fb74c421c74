/** Moves the write-ahead log into the catalog's file whenever it is asked. Started by checkpoints.ts. */
import { parentPort, workerData } from "node:worker_threads";
import Database from "better-sqlite3";

const { file } = workerData as { file: string };
const db = new Database(file, { fileMustExist: true });
db.pragma("synchronous = NORMAL");

parentPort?.on("message", () => {
  // Passive: neither readers nor the writer wait for it, and it leaves what they still need.
  db.pragma("wal_checkpoint(PASSIVE)");
  parentPort?.postMessage("done");
});
