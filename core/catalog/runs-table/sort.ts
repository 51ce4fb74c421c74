import { countBelow } from "./column.ts";

/** Values to sort by: NaN is missing and comes last, whatever the direction. */
export type SortKey = { values: Float64Array; descending: boolean };

const nothing = new Int32Array(0);

/**
 * Gives the items from `offset` to `offset + limit` in the order of the keys, what is equal in all
 * of them in the given order. Only the values are sorted, once and by the engine's own sort of
 * numbers; the items of a page are found by the values that it spans, and sorted further where
 * these are equal. The values must not change between pages.
 */
export function createPager(
  items: Int32Array,
  keys: readonly SortKey[],
): (offset: number, limit: number) => Int32Array {
  const [key, ...rest] = keys;
  if (!key) return (offset, limit) => items.slice(offset, offset + Math.max(0, limit));
  let sorted: Float64Array | undefined;
  return (offset, limit) => {
    if (limit <= 0 || offset >= items.length) return nothing;
    sorted ??= sortedValues(items, key.values);
    return pageOf(items, { ...key, sorted }, rest, offset, limit);
  };
}

function sortedValues(items: Int32Array, values: Float64Array): Float64Array {
  const present = new Float64Array(items.length);
  let count = 0;
  for (const item of items) {
    const value = values[item] ?? Number.NaN;
    if (!Number.isNaN(value)) present[count++] = value;
  }
  const found = present.subarray(0, count);
  // By far the most asked for is the newest first, and that is how the rows come.
  if (isFalling(found)) return found.reverse();
  return found.sort();
}

function isFalling(values: Float64Array): boolean {
  for (let index = 1; index < values.length; index++)
    if ((values[index - 1] ?? 0) < (values[index] ?? 0)) return false;
  return true;
}

function pageOf(
  items: Int32Array,
  { values, descending, sorted }: SortKey & { sorted: Float64Array },
  rest: readonly SortKey[],
  offset: number,
  limit: number,
): Int32Array {
  const present = sorted.length;
  const page: Int32Array[] = [];
  const end = Math.min(offset + limit, present);
  if (offset < end) {
    const at = (place: number) => sorted[descending ? present - 1 - place : place] ?? Number.NaN;
    const [first, last] = [at(offset), at(end - 1)];
    const groups = itemsBetween(items, values, Math.min(first, last), Math.max(first, last));
    let place = descending
      ? present - countBelow(sorted, first) - (groups.get(first)?.length ?? 0)
      : countBelow(sorted, first);
    const ordered = [...groups.keys()].sort((a, b) => (descending ? b - a : a - b));
    for (const value of ordered) {
      const group = groups.get(value) ?? [];
      const from = Math.max(0, offset - place);
      page.push(createPager(Int32Array.from(group), rest)(from, end - place - from));
      place += group.length;
    }
  }
  if (offset + limit > present) {
    const missing = items.filter((item) => Number.isNaN(values[item] ?? Number.NaN));
    const from = Math.max(0, offset - present);
    page.push(createPager(missing, rest)(from, offset + limit - present - from));
  }
  return concatenated(page);
}

function itemsBetween(
  items: Int32Array,
  values: Float64Array,
  low: number,
  high: number,
): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (const item of items) {
    const value = values[item] ?? Number.NaN;
    if (!(value >= low && value <= high)) continue;
    const group = groups.get(value);
    if (group) group.push(item);
    else groups.set(value, [item]);
  }
  return groups;
}

function concatenated(parts: readonly Int32Array[]): Int32Array {
  const result = new Int32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
