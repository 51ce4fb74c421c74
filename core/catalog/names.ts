import type { Database } from "better-sqlite3";
import type { NameKind } from "../../shared/views.ts";

/** Where names come from: something with an id, which grows with time, and a name. */
const sources: Readonly<Record<NameKind, string>> = {
  runs: "run",
  models: "model",
  attacks: "(SELECT id, name || '@' || version AS name FROM attack)",
  sets: "attack_set",
  sweeps: "sweep",
  datasets: "dataset",
  experiments: "experiment",
};

/** Comes after every text that begins as it does, in SQLite's order of bytes. */
const last = "\u{10ffff}";

/**
 * At most `limit` names that begin with `prefix`, each once: the newest where the prefix is empty,
 * the first of the alphabet otherwise. It only reads, so it works on a catalog that another process
 * owns.
 */
export function namesIn(
  db: Database,
  kind: NameKind,
  { prefix, limit }: { prefix: string; limit: number },
): string[] {
  const source = sources[kind];
  const rows =
    prefix === ""
      ? db
          .prepare<[number], { name: string }>(
            `SELECT name FROM ${source} ORDER BY id DESC LIMIT ?`,
          )
          .all(limit)
      : db
          .prepare<[string, string, number], { name: string }>(
            `SELECT DISTINCT name FROM ${source} WHERE name >= ? AND name < ? ORDER BY name LIMIT ?`,
          )
          .all(prefix, prefix + last, limit);
  return [...new Set(rows.map(({ name }) => name))];
}
