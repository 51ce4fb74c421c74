import type { Database } from "better-sqlite3";
import type { Clock } from "../domain/ports.ts";
import { fromJson } from "./json.ts";

export type CatalogEvent = {
  seq: number;
  time: number;
  /** What happened, such as `run.created` or `job.failed`. */
  kind: string;
  /** Id of what it happened to. */
  subject: string;
  data: Record<string, unknown>;
};

export type EventLog = ReturnType<typeof createEventLog>;

/**
 * The event log. `append` belongs in the transaction of the change it tells of; sequence numbers
 * never repeat, so that a reader goes on after the last one it saw.
 */
export function createEventLog(db: Database, clock: Clock) {
  const insert = db.prepare<[number, string, string, string]>(
    "INSERT INTO event (time, kind, subject, data_json) VALUES (?, ?, ?, ?)",
  );
  const after = db.prepare<
    [number, number],
    { seq: number; time: number; kind: string; subject: string; data_json: string }
  >("SELECT seq, time, kind, subject, data_json FROM event WHERE seq > ? ORDER BY seq LIMIT ?");
  const last = db.prepare<[], number>("SELECT coalesce(max(seq), 0) FROM event").pluck();
  const listeners = new Set<() => void>();
  return {
    append(kind: string, subject: string, data: Record<string, unknown> = {}): void {
      insert.run(clock.now(), kind, subject, JSON.stringify(data));
      for (const listener of listeners) listener();
    },
    /** Number of the newest event; 0 where there is none. */
    newest: (): number => last.get() ?? 0,
    /**
     * Calls `listener` at each append, inside the transaction, which may still be undone: look
     * with `after` in a later turn. Returns what ends it.
     */
    onAppend(listener: () => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    /** Events with a larger number than `seq`, oldest first. */
    after(seq: number, limit = 1000): CatalogEvent[] {
      return after
        .all(seq, limit)
        .map(({ data_json, ...event }) => ({ ...event, data: fromJson(data_json) }));
    },
  };
}
