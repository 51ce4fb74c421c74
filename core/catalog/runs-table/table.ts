import type { Database } from "better-sqlite3";
import { GauntletError } from "../../../shared/errors.ts";
import { checkQuery, suggestField } from "../../../shared/query/check.ts";
import type { Condition } from "../../../shared/query/condition.ts";
import { describeProblems } from "../../../shared/query/excerpt.ts";
import {
  type Field,
  ownFields,
  resolveField,
  searchedFields,
} from "../../../shared/query/fields.ts";
import { parseQuery } from "../../../shared/query/parse.ts";
import type {
  GroupRow,
  RunRow,
  RunsTable,
  RunsTableInput,
  TableValue,
} from "../../../shared/runs-table.ts";
import { createCatalogFields } from "./catalog-fields.ts";
import { createColumnStore } from "./column-store.ts";
import { matchingRows } from "./filter.ts";
import { groupRows, statisticOf, summarise } from "./group.ts";
import { createRunRows, type RunFacts } from "./run-rows.ts";
import { pageOf, type SortKey } from "./sort.ts";

/** More cells than this are read from loaded columns, fewer one by one. */
const mostSingleReads = 20_000;

/** How many of the fullest columns are loaded while nobody asks, and up to how many bytes. */
const columnsAhead = 40;
const bytesAhead = 96 * 2 ** 20;

/** The kind of group that `seed` asks for: runs that differ by nothing else. */
const configField = ownField("config");

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

function ownField(name: string): Field {
  const field = ownFields.find((candidate) => candidate.name === name);
  if (!field) throw new Error(`runs have no ${name}`);
  return field;
}

function factOf(run: RunFacts, { name }: Field, now: number): TableValue {
  if (name !== "duration") return run[name as keyof RunFacts];
  return run.started === null ? null : (run.ended ?? now) - run.started;
}

function summaryOf(values: readonly TableValue[]): GroupRow["values"][number] {
  const [text] = values;
  const isShared = typeof text === "string" && values.every((value) => value === text);
  return {
    ...summarise(values.filter((value) => typeof value === "number")),
    text: isShared ? text : null,
  };
}

function createTable(db: Database) {
  const runs = createRunRows(db);
  const fields = createCatalogFields(db);
  const store = createColumnStore(db, runs, fields);
  const cell = db.prepare<
    [number, number],
    { last: number | null; minimum: number | null; maximum: number | null; text: string | null }
  >(
    `SELECT number AS last, minimum, maximum, text FROM run_value
     WHERE column_id = ? AND run_no = ?`,
  );

  function field(name: string): Field {
    const found = resolveField(name, fields.find);
    if (found) return found;
    throw new GauntletError("FIELD_UNKNOWN", `No run has a field ${name}.`, {
      hint: suggestField(name, fields.names()) ?? undefined,
    });
  }

  function condition(query: string, now: number): Condition | null {
    const parsed = parseQuery(query);
    const checked = parsed.ok
      ? checkQuery(parsed.query, { lookup: fields.find, names: () => fields.names(), now })
      : parsed;
    if (checked.ok) return checked.condition;
    const [first] = checked.problems;
    throw new GauntletError("QUERY_INVALID", `The query has a mistake: ${first?.message ?? ""}.`, {
      details: describeProblems(query, checked.problems),
      hint: first?.suggestion ?? undefined,
    });
  }

  /** Rows that match, newest first. */
  function matches(wanted: Condition | null, now: number): Int32Array {
    const count = store.count();
    const mask = wanted && matchingRows(wanted, count, (of) => store.column(of, now));
    const rows = new Int32Array(count);
    let next = 0;
    for (let row = count - 1; row >= 0; row--)
      if (mask === null || mask[row] === 1) rows[next++] = row;
    return rows.subarray(0, next);
  }

  /** Reads a value of a run by its number. `cells` is how many will be read at once. */
  function valueReader(column: Field, cells: number, now: number): (no: number) => TableValue {
    const id = fields.columnOf(column)?.id;
    if (id === undefined) return () => null;
    if (store.isReady() && (store.has(column) || cells > mostSingleReads)) {
      const loaded = store.column(column, now);
      return (no) => loaded.get(store.rowOfNumber(no) ?? -1);
    }
    return (no) => {
      const values = cell.get(id, no);
      return values ? (values[column.aspect] ?? values.text) : null;
    };
  }

  function rowsOf(found: readonly RunFacts[], columns: readonly Field[], now: number): RunRow[] {
    const cells = found.length * columns.length;
    const readers = columns.map((column) => {
      if (column.kind === "run") return (run: RunFacts) => factOf(run, column, now);
      const read = valueReader(column, cells, now);
      return ({ no }: RunFacts) => read(no);
    });
    return found.map((facts) => {
      const { no: _, created, started, ended, ...run } = facts;
      const times = { createdAt: created, startedAt: started, endedAt: ended };
      return { ...run, ...times, values: readers.map((read) => read(facts)) };
    });
  }

  /** The newest runs, without loading a single column: what is seen first. */
  function newest(input: RunsTableInput, columns: readonly Field[], now: number): RunsTable {
    const total = runs.count();
    const found = runs.newest(input.limit, input.offset);
    return { runs: total, total, rows: rowsOf(found, columns, now), groups: [] };
  }

  function grouped(
    input: RunsTableInput & { group: string[] },
    rows: Int32Array,
    columns: readonly Field[],
    now: number,
  ): RunsTable {
    const by = input.group.map((name) => (name === "seed" ? configField : field(name)));
    const groups = groupRows(
      rows,
      by.map((of) => store.column(of, now)),
    );
    const keys = input.sort.map(({ field: name, descending, statistic }): SortKey => {
      if (name === "runs") return { values: groups.sizes, descending };
      const column = store.column(field(name), now);
      if (!column.texts)
        return { values: statisticOf(statistic, rows, groups, column.numbers), descending };
      const ranks = column.sortKeys();
      const values = Float64Array.from(groups.first, (row) => ranks[row] ?? Number.NaN);
      return { values, descending };
    });
    const all = Int32Array.from({ length: groups.count }, (_, group) => group);
    const page = pageOf(all, keys, input.offset, input.limit);
    return {
      runs: rows.length,
      total: groups.count,
      rows: [],
      groups: groupsOnPage(page, groups, rows, { by, columns, now }),
    };
  }

  function groupsOnPage(
    page: Int32Array,
    groups: ReturnType<typeof groupRows>,
    rows: Int32Array,
    { by, columns, now }: { by: readonly Field[]; columns: readonly Field[]; now: number },
  ): GroupRow[] {
    const members = new Map<number, number[]>(Array.from(page, (group) => [group, []]));
    groups.of.forEach((group, index) => members.get(group)?.push(rows[index] ?? 0));
    let cells = 0;
    for (const { length } of members.values()) cells += length * columns.length;
    const readers = columns.map((column) => {
      if (column.kind === "run") {
        const loaded = store.column(column, now);
        return (row: number) => loaded.get(row);
      }
      const read = valueReader(column, cells, now);
      return (row: number) => read(store.numberOfRow(row));
    });
    const keys = by.map((of) => store.column(of, now));
    return Array.from(page, (group): GroupRow => {
      const row = groups.first[group] ?? 0;
      const own = members.get(group) ?? [];
      const [newestRow] = rowsOf([runs.get(store.numberOfRow(row))], columns, now);
      if (!newestRow) throw new Error("a group without a run");
      return {
        key: keys.map((column) => column.get(row)),
        runs: own.length,
        newest: newestRow,
        values: readers.map((read) => summaryOf(own.map(read))),
      };
    });
  }

  const read = db.transaction((input: RunsTableInput & { now: number }): RunsTable => {
    const { query, sort, group, offset, limit, now } = input;
    const columns = input.columns.map(field);
    const wanted = condition(query, now);
    const isPlain = wanted === null && sort.length === 0 && group === null;
    if (isPlain && !store.isReady()) return newest(input, columns, now);
    store.sync();
    const rows = matches(wanted, now);
    if (group !== null) return grouped({ ...input, group }, rows, columns, now);
    const keys = sort.map(({ field: name, descending }): SortKey => {
      const values = store.column(field(name), now).sortKeys();
      return { values, descending };
    });
    const page = pageOf(rows, keys, offset, limit);
    const found = Array.from(page, (row) => runs.get(store.numberOfRow(row)));
    return { runs: rows.length, total: rows.length, rows: rowsOf(found, columns, now), groups: [] };
  });

  const likely = [...searchedFields, ...["state", "created", "config"].map(ownField)];
  const loadNext = db.transaction((): boolean => {
    if (!store.isReady()) {
      store.sync();
      return true;
    }
    if (store.bytes() > bytesAhead) return false;
    const next = [...likely, ...fields.fullest(columnsAhead)].find((of) => !store.has(of));
    if (!next) return false;
    store.sync();
    store.column(next, 0);
    return true;
  });

  return { read, loadNext };
}
