import { GauntletError } from "../../../shared/errors.ts";
import { checkQuery, suggestField } from "../../../shared/query/check.ts";
import type { Condition } from "../../../shared/query/condition.ts";
import { describeProblems } from "../../../shared/query/excerpt.ts";
import { type Field, ownFields, resolveField } from "../../../shared/query/fields.ts";
import { parseQuery } from "../../../shared/query/parse.ts";
import type { RunsTableInput } from "../../../shared/runs-table.ts";
import type { CatalogFields } from "./catalog-fields.ts";
import type { Column } from "./column.ts";
import type { ColumnStore } from "./column-store.ts";
import { matchingRows } from "./filter.ts";
import { groupRows, type Groups, statisticOf } from "./group.ts";
import { createPager, type SortKey } from "./sort.ts";

/** What `seed` groups by: everything else that a run was started with. */
const configField = ownField("config");

/** So many selections are kept: one per view that is looked at. */
const mostKept = 4;

export type Asked = Pick<RunsTableInput, "query" | "sort" | "group"> & { now: number };

/** The rows that a query selects, newest first, and the order in which they are shown. */
export type Selection = {
  rows: Int32Array;
  /** Null where no groups were asked for; `by` are the columns that make them. */
  groups: (Groups & { by: Column[] }) | null;
  /** Rows, or the numbers of groups, from `offset` to `offset + limit`. */
  page(offset: number, limit: number): Int32Array;
};

export function ownField(name: string): Field {
  const field = ownFields.find((candidate) => candidate.name === name);
  if (!field) throw new Error(`runs have no ${name}`);
  return field;
}

/** Finds the field of a name. Throws FIELD_UNKNOWN. */
export function requireField(fields: CatalogFields, name: string): Field {
  const found = resolveField(name, fields.find);
  if (found) return found;
  throw new GauntletError("FIELD_UNKNOWN", `No run has a field ${name}.`, {
    hint: suggestField(name, fields.names()) ?? undefined,
  });
}

/**
 * Selects rows of a synchronised store. What was selected is kept for the next page, until a run
 * changes; not so where the answer depends on the time. `isPlain` says that a query has no condition.
 */
export function createSelections(store: ColumnStore, fields: CatalogFields) {
  const kept = new Map<string, Selection>();
  let version = -1;

  function select(asked: Asked): { selection: Selection; isTimeless: boolean } {
    let isTimeless = true;
    const now = () => {
      isTimeless = false;
      return asked.now;
    };
    const column = (field: Field) =>
      store.column(field, field.type === "duration" ? now() : asked.now);
    const wanted = condition(asked.query, fields, now);
    const rows = rowsThatMatch(wanted, store.count(), column);
    if (asked.group !== null) {
      const selection = selectGroups({ ...asked, group: asked.group }, rows, fields, column);
      return { selection, isTimeless };
    }
    const keys = asked.sort.map(({ field, descending }): SortKey => {
      const values = column(requireField(fields, field)).sortKeys();
      return { values, descending };
    });
    return { selection: { rows, groups: null, page: createPager(rows, keys) }, isTimeless };
  }

  return {
    isPlain: ({ query, now }: Asked) => condition(query, fields, () => now) === null,
    select(asked: Asked): Selection {
      if (version !== store.version()) kept.clear();
      version = store.version();
      // Another active set gives `score` another meaning and changes no run.
      const key = JSON.stringify([asked.query, asked.sort, asked.group, fields.activeSet()]);
      const before = kept.get(key);
      if (before) return before;
      const { selection, isTimeless } = select(asked);
      if (isTimeless) kept.set(key, selection);
      const [oldest] = kept.keys();
      if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
      return selection;
    },
  };
}

function condition(query: string, fields: CatalogFields, now: () => number): Condition | null {
  const parsed = parseQuery(query);
  const context = { lookup: fields.find, names: () => fields.names(), now };
  const checked = parsed.ok ? checkQuery(parsed.query, context) : parsed;
  if (checked.ok) return checked.condition;
  const [first] = checked.problems;
  throw new GauntletError("QUERY_INVALID", `The query has a mistake: ${first?.message ?? ""}.`, {
    details: describeProblems(query, checked.problems),
    hint: first?.suggestion ?? undefined,
  });
}

function rowsThatMatch(
  wanted: Condition | null,
  count: number,
  column: (field: Field) => Column,
): Int32Array {
  const mask = wanted && matchingRows(wanted, count, column);
  const rows = new Int32Array(count);
  let next = 0;
  for (let row = count - 1; row >= 0; row--)
    if (mask === null || mask[row] === 1) rows[next++] = row;
  return rows.subarray(0, next);
}

function selectGroups(
  { group, sort }: { group: string[]; sort: Asked["sort"] },
  rows: Int32Array,
  fields: CatalogFields,
  column: (field: Field) => Column,
): Selection {
  const by = group.map((name) =>
    column(name === "seed" ? configField : requireField(fields, name)),
  );
  const groups = groupRows(rows, by);
  const keys = sort.map(({ field, descending, statistic }): SortKey => {
    if (field === "runs") return { values: groups.sizes, descending };
    const sorted = column(requireField(fields, field));
    if (!sorted.texts)
      return { values: statisticOf(statistic, rows, groups, sorted.numbers), descending };
    const ranks = sorted.sortKeys();
    const values = Float64Array.from(groups.first, (row) => ranks[row] ?? Number.NaN);
    return { values, descending };
  });
  const all = Int32Array.from({ length: groups.count }, (_, index) => index);
  return { rows, groups: { ...groups, by }, page: createPager(all, keys) };
}
