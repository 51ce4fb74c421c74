import type { Database } from "better-sqlite3";
import { activeScore, writtenField } from "../../../shared/query/fields.ts";
import type { RunField } from "../../../shared/runs-table.ts";
import { createCatalogFields } from "./catalog-fields.ts";

/** Every field of the runs table, with the number of runs that have a value. */
export function runFields(db: Database, _input: null): RunField[] {
  const fields = createCatalogFields(db);
  const runs = db.prepare<[], number>("SELECT count(*) FROM run").pluck().get() ?? 0;
  const active = db
    .prepare<[], string>("SELECT name FROM attack_set WHERE active = 1")
    .pluck()
    .get();
  const own = fields.own().map((field) => ({ field, runs }));
  const catalog = fields.list();
  const scored = catalog.find(({ field }) => field.kind === "score" && field.name === active);
  return [...own, { field: activeScore, runs: scored?.runs ?? 0 }, ...catalog].map(
    ({ field, runs: count }) => ({
      ...field,
      values: field.values === null ? null : [...field.values],
      written: writtenField(field, fields.find),
      runs: count,
    }),
  );
}
