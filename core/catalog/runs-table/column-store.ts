import type { Database } from "better-sqlite3";
import type { Aspect, Field } from "../../../shared/query/fields.ts";
import type { CatalogFields } from "./catalog-fields.ts";
import { Column } from "./column.ts";
import type { FactName, RunFacts, RunRows } from "./run-rows.ts";

/** Columns beyond this many bytes make room, the longest unused first. */
const mostBytes = 256 * 2 ** 20;

/** A larger share of changed runs than this is read anew rather than one by one. */
const largestUpdate = 0.05;

type Cell = {
  columnId: number;
  number: number | null;
  text: string | null;
  minimum: number | null;
  maximum: number | null;
};

const aspectColumns = { last: "number", minimum: "minimum", maximum: "maximum" } as const;

export type ColumnStore = ReturnType<typeof createColumnStore>;

/**
 * All runs as rows in the order of creation, and columns of their values, each loaded when it is
 * first asked for. `sync` brings them to the state of the open transaction.
 */
export function createColumnStore(db: Database, runs: RunRows, fields: CatalogFields) {
  const cellsOf = db.prepare<[number], Cell>(
    `SELECT column_id AS columnId, number, text, minimum, maximum FROM run_value WHERE run_no = ?`,
  );
  const rowNumbers = db
    .prepare<[number], number>("SELECT run_no FROM run_value WHERE column_id = ? ORDER BY run_no")
    .pluck();
  const texts = db
    .prepare<[number], string | null>(
      "SELECT text FROM run_value WHERE column_id = ? ORDER BY run_no",
    )
    .pluck();
  const numbers = Object.fromEntries(
    Object.entries(aspectColumns).map(([aspect, column]) => [
      aspect,
      db
        .prepare<[number], number | null>(
          `SELECT ${column} FROM run_value WHERE column_id = ? ORDER BY run_no`,
        )
        .pluck(),
    ]),
  );
  const counts = db.prepare<[number], { runs: number; texts: number }>(
    "SELECT runs, texts FROM run_column WHERE id = ?",
  );

  let seen: { changed: number; deleted: number } | null = null;
  let count = 0;
  /** Run numbers by row, ascending; beyond `count` there is room for more. */
  let numberOfRow = new Int32Array(0);
  let rowOfNumber = new Map<number, number>();
  const facts = new Map<FactName, Column>();
  /** By column of run_value and aspect; in the order of use. */
  const values = new Map<string, { id: number; aspect: Aspect; column: Column }>();
  const absent = new Column(0);

  function reload(): void {
    facts.clear();
    values.clear();
    const all = runs.numbers();
    count = all.length;
    numberOfRow = new Int32Array(count + 1024);
    numberOfRow.set(all);
    rowOfNumber = new Map(all.map((no, row) => [no, row]));
  }

  function dropDeleted(): void {
    const left = new Set(runs.numbers());
    const kept = new Int32Array(count);
    let next = 0;
    for (let row = 0; row < count; row++) if (left.has(numberOfRow[row] ?? 0)) kept[next++] = row;
    const rows = kept.subarray(0, next);
    rows.forEach((row, index) => (numberOfRow[index] = numberOfRow[row] ?? 0));
    count = next;
    rowOfNumber = new Map(
      Array.from(numberOfRow.subarray(0, count), (no, row): [number, number] => [no, row]),
    );
    for (const column of everyColumn()) column.keep(rows);
  }

  function* everyColumn(): Iterable<Column> {
    yield* facts.values();
    for (const { column } of values.values()) yield column;
  }

  function addRow(no: number): number {
    if (count === numberOfRow.length) {
      const longer = new Int32Array(count * 2);
      longer.set(numberOfRow);
      numberOfRow = longer;
      for (const column of everyColumn()) column.resize(longer.length);
    }
    const row = count++;
    numberOfRow[row] = no;
    rowOfNumber.set(no, row);
    return row;
  }

  function update(run: RunFacts): void {
    const row = rowOfNumber.get(run.no) ?? addRow(run.no);
    for (const [name, column] of facts) column.set(row, run[name]);
    if (values.size === 0) return;
    for (const { column } of values.values()) column.set(row, null);
    for (const cell of cellsOf.all(run.no))
      for (const aspect of ["last", "minimum", "maximum"] as const)
        values
          .get(`${cell.columnId} ${aspect}`)
          ?.column.set(row, cell[aspectColumns[aspect]] ?? cell.text);
  }

  function loadFact(name: FactName): Column {
    const column = new Column(numberOfRow.length);
    runs.all(name).forEach((value, row) => column.set(row, value));
    facts.set(name, column);
    return column;
  }

  function loadValues(id: number, aspect: Aspect): Column {
    const column = new Column(numberOfRow.length);
    const known = counts.get(id);
    if (!known) throw new Error(`no column ${id}`);
    // Where every run has a value, they stand in the order of the rows: half the reading.
    const places = known.runs === count ? null : rowNumbers.all(id);
    const rowAt = (index: number) =>
      places === null ? index : (rowOfNumber.get(places[index] ?? 0) ?? 0);
    if (known.texts < known.runs) {
      const { numbers: target } = column;
      numbers[aspect]?.all(id).forEach((value, index) => {
        if (value !== null) target[rowAt(index)] = value;
      });
    }
    if (known.texts > 0)
      texts.all(id).forEach((value, index) => {
        if (value !== null) column.set(rowAt(index), value);
      });
    return column;
  }

  function makeRoom(): void {
    let bytes = 0;
    for (const { column } of values.values()) bytes += column.bytes;
    for (const [key, { column }] of values) {
      if (bytes <= mostBytes || values.size <= 1) return;
      values.delete(key);
      bytes -= column.bytes;
    }
  }

  /** Time from start to end, or until now of what still runs. */
  function durations(now: number): Column {
    const started = fact("started").numbers;
    const ended = fact("ended").numbers;
    const column = new Column(numberOfRow.length);
    for (let row = 0; row < count; row++) {
      const end = ended[row] ?? Number.NaN;
      column.numbers[row] = (Number.isNaN(end) ? now : end) - (started[row] ?? Number.NaN);
    }
    return column;
  }

  function fact(name: FactName): Column {
    return facts.get(name) ?? loadFact(name);
  }

  return {
    sync(): void {
      const clock = runs.clock();
      if (seen === null) reload();
      else {
        if (clock.deleted !== seen.deleted) dropDeleted();
        if (clock.changed !== seen.changed) {
          if (runs.countChangedSince(seen.changed) > Math.max(1000, count * largestUpdate))
            reload();
          else for (const run of runs.changedSince(seen.changed)) update(run);
        }
      }
      seen = clock;
    },
    /** Changes with everything that `sync` finds. */
    version: () => seen?.changed ?? -1,
    count: () => count,
    numberOfRow: (row: number) => numberOfRow[row] ?? 0,
    rowOfNumber: (no: number) => rowOfNumber.get(no),
    isReady: () => seen !== null,
    /** Whether `column` would load nothing. */
    has(field: Field): boolean {
      if (field.kind === "run")
        return field.name === "duration"
          ? facts.has("started") && facts.has("ended")
          : facts.has(field.name as FactName);
      const id = fields.columnOf(field)?.id;
      return id === undefined || values.has(`${id} ${field.aspect}`);
    },
    /** A field's values by row. `now` gives what still runs its duration. */
    column(field: Field, now: number): Column {
      if (field.kind === "run")
        return field.name === "duration" ? durations(now) : fact(field.name as FactName);
      const id = fields.columnOf(field)?.id;
      if (id === undefined) {
        if (absent.numbers.length !== numberOfRow.length) absent.resize(numberOfRow.length);
        return absent;
      }
      const key = `${id} ${field.aspect}`;
      const loaded = values.get(key);
      const column = loaded?.column ?? loadValues(id, field.aspect);
      values.delete(key);
      values.set(key, { id, aspect: field.aspect, column });
      if (!loaded) makeRoom();
      return column;
    },
    bytes(): number {
      let bytes = 0;
      for (const column of everyColumn()) bytes += column.bytes;
      return bytes;
    },
  };
}
