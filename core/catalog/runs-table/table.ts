import type { Database } from "better-sqlite3";
import { searchedFields } from "../../../shared/query/fields.ts";
import type { RunsTable, RunsTableInput } from "../../../shared/runs-table.ts";
import { createCatalogFields } from "./catalog-fields.ts";
import { createColumnStore } from "./column-store.ts";
import { createPages } from "./page.ts";
import { createRunRows } from "./run-rows.ts";
import { createSelections, ownField, requireField } from "./selection.ts";

/** How many of the fullest columns are loaded while nobody asks, and up to how many bytes. */
const columnsAhead = 40;
const bytesAhead = 96 * 2 ** 20;

const tables = new WeakMap<Database, ReturnType<typeof createTable>>();

/** The one table of a connection, which keeps its columns between queries. */
function tableOf(db: Database) {
  const known = tables.get(db);
  if (known) return known;
  const made = createTable(db);
  tables.set(db, made);
  return made;
}

/** A page of the runs table. Throws QUERY_INVALID and FIELD_UNKNOWN. */
export function readRunsTable(db: Database, input: RunsTableInput & { now: number }): RunsTable {
  return tableOf(db).read(input);
}

/** Loads one column that a query is likely to need; false when all are there. */
export function loadAhead(db: Database): boolean {
  return tables.get(db)?.loadNext() ?? false;
}

function createTable(db: Database) {
  const runs = createRunRows(db);
  const fields = createCatalogFields(db);
  const store = createColumnStore(db, runs, fields);
  const selections = createSelections(store, fields);
  const pages = createPages(db, runs, fields, store);

  // Each in a transaction, so that columns, counts and the page are of one moment.
  const read = db.transaction((input: RunsTableInput & { now: number }): RunsTable => {
    const { sort, group, offset, limit, now } = input;
    const columns = input.columns.map((name) => requireField(fields, name));
    // What is seen first, the newest runs, comes without loading a single column.
    if (!store.isReady() && sort.length === 0 && group === null && selections.isPlain(input)) {
      const total = runs.count();
      const rows = pages.runRows(runs.newest(limit, offset), columns, now);
      return { runs: total, total, rows, groups: [] };
    }
    store.sync();
    const selection = selections.select(input);
    const { rows, groups } = selection;
    const page = selection.page(offset, limit);
    return groups === null
      ? {
          runs: rows.length,
          total: rows.length,
          rows: pages.rowsOf(page, columns, now),
          groups: [],
        }
      : {
          runs: rows.length,
          total: groups.count,
          rows: [],
          groups: pages.groupsOf(page, { ...selection, groups }, columns, now),
        };
  });

  const likely = [...searchedFields, ...["state", "created", "config"].map(ownField)];
  const loadNext = db.transaction((): boolean => {
    const wasReady = store.isReady();
    store.sync();
    if (!wasReady) return true;
    if (store.bytes() > bytesAhead) return false;
    const next = [...likely, ...fields.fullest(columnsAhead)].find((field) => !store.has(field));
    if (!next) return false;
    store.column(next, 0);
    return true;
  });

  return { read, loadNext };
}
