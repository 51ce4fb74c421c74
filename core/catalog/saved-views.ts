import type { Database } from "better-sqlite3";
import { type SavedView, savedViewSchema } from "../../shared/annotations.ts";
import type { Clock } from "../domain/ports.ts";

/** Views of the runs table, by name. */
export function createSavedViews(db: Database, clock: Clock) {
  const all = db.prepare<[], string>("SELECT view_json FROM saved_view ORDER BY name").pluck();
  const upsert = db.prepare<[string, string, number]>(
    `INSERT INTO saved_view (name, view_json, created_at) VALUES (?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET view_json = excluded.view_json`,
  );
  const remove = db.prepare<[string]>("DELETE FROM saved_view WHERE name = ?");
  return {
    list: (): SavedView[] => all.all().map((text) => savedViewSchema.parse(JSON.parse(text))),
    save(view: SavedView): void {
      upsert.run(view.name, JSON.stringify(view), clock.now());
    },
    /** Whether there was one. */
    remove: (name: string): boolean => remove.run(name).changes > 0,
  };
}
