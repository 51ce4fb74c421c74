import type { Database } from "better-sqlite3";
import type { Field } from "../../../shared/query/fields.ts";
import type { GroupRow, RunRow, TableValue } from "../../../shared/runs-table.ts";
import { tagsOf } from "../runs.ts";
import type { CatalogFields } from "./catalog-fields.ts";
import type { ColumnStore } from "./column-store.ts";
import { summarise } from "./group.ts";
import type { RunFacts, RunRows } from "./run-rows.ts";
import type { Selection } from "./selection.ts";

/** More cells than this are read from loaded columns, fewer one by one. */
const mostSingleReads = 20_000;

type Cell = {
  last: number | null;
  minimum: number | null;
  maximum: number | null;
  text: string | null;
};

/** Turns the rows of a page into what is shown: facts of each run, and the requested columns. */
export function createPages(
  db: Database,
  runs: RunRows,
  fields: CatalogFields,
  store: ColumnStore,
) {
  const cell = db.prepare<[number, number], Cell>(
    `SELECT number AS last, minimum, maximum, text FROM run_value
     WHERE column_id = ? AND run_no = ?`,
  );

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

  function runRows(found: readonly RunFacts[], columns: readonly Field[], now: number): RunRow[] {
    const cells = found.length * columns.length;
    const readers = columns.map((column) => {
      if (column.kind === "run") return (run: RunFacts) => factOf(run, column, now);
      const read = valueReader(column, cells, now);
      return ({ no }: RunFacts) => read(no);
    });
    return found.map((facts) => {
      const { no: _, created, started, ended, starred, tags, ...run } = facts;
      const times = { createdAt: created, startedAt: started, endedAt: ended };
      const marks = { starred: starred === 1, tags: tagsOf(tags) };
      return { ...run, ...times, ...marks, values: readers.map((read) => read(facts)) };
    });
  }

  function factsOfRow(row: number): RunFacts {
    return runs.get(store.numberOfRow(row));
  }

  return {
    runRows,
    rowsOf: (page: Int32Array, columns: readonly Field[], now: number) =>
      runRows(Array.from(page, factsOfRow), columns, now),
    groupsOf(
      page: Int32Array,
      { rows, groups }: Selection & { groups: NonNullable<Selection["groups"]> },
      columns: readonly Field[],
      now: number,
    ): GroupRow[] {
      const members = new Map<number, number[]>(Array.from(page, (group) => [group, []]));
      const isOnPage = new Uint8Array(groups.count);
      page.forEach((group) => (isOnPage[group] = 1));
      for (let index = 0; index < rows.length; index++) {
        const group = groups.of[index] ?? 0;
        if (isOnPage[group] === 1) members.get(group)?.push(rows[index] ?? 0);
      }
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
      return Array.from(page, (group): GroupRow => {
        const own = members.get(group) ?? [];
        const first = groups.first[group] ?? 0;
        const [newest] = runRows([factsOfRow(first)], [], now);
        if (!newest) throw new Error("a group without a run");
        const values = readers.map((read) => own.map(read));
        return {
          key: groups.by.map((column) => column.get(first)),
          runs: own.length,
          newest: { ...newest, values: values.map(([value]) => value ?? null) },
          values: values.map(summaryOf),
        };
      });
    },
  };
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
