import type { Database } from "better-sqlite3";
import type { Clock } from "../domain/ports.ts";
import { fromJson } from "./json.ts";

/** What can be set for a data folder; null is the default of each. */
export type Settings = {
  /** Bytes that packed datasets may take; null for no limit. */
  "datasets.limit": number | null;
};

/** What a person has set for the data folder. */
export function createSettings(db: Database, clock: Clock) {
  const select = db
    .prepare<[string], string>("SELECT value_json FROM setting WHERE name = ?")
    .pluck();
  const upsert = db.prepare<[string, string, number]>(
    `INSERT INTO setting (name, value_json, changed_at) VALUES (?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET value_json = excluded.value_json,
       changed_at = excluded.changed_at`,
  );
  return {
    get<Name extends keyof Settings>(name: Name): Settings[Name] | null {
      const text = select.get(name);
      return text === undefined ? null : fromJson(text);
    },
    set<Name extends keyof Settings>(name: Name, value: Settings[Name]): void {
      upsert.run(name, JSON.stringify(value), clock.now());
    },
  };
}
