import type { Statistic } from "../../../shared/runs-table.ts";
import type { Column } from "./column.ts";

/** Rows put together by equal values; groups are numbered in the order of their first row. */
export type Groups = {
  count: number;
  /** The group of each given row, by its place among the rows. */
  of: Int32Array;
  sizes: Float64Array;
  /** The first given row of each group. */
  first: Int32Array;
};

export function groupRows(rows: Int32Array, columns: readonly Column[]): Groups {
  const [firstColumn, ...rest] = columns;
  if (!firstColumn) throw new Error("groups by nothing");
  let { codes: of, count } = firstColumn.groupCodes(rows);
  for (const column of rest) {
    const other = column.groupCodes(rows);
    const seen = new Map<number, number>();
    const joined = new Int32Array(rows.length);
    for (let index = 0; index < rows.length; index++) {
      const pair = (of[index] ?? 0) * other.count + (other.codes[index] ?? 0);
      let group = seen.get(pair);
      if (group === undefined) seen.set(pair, (group = seen.size));
      joined[index] = group;
    }
    of = joined;
    count = seen.size;
  }
  const sizes = new Float64Array(count);
  const first = new Int32Array(count).fill(-1);
  of.forEach((group, index) => {
    sizes[group] = (sizes[group] ?? 0) + 1;
    if (first[group] === -1) first[group] = rows[index] ?? -1;
  });
  return { count, of, sizes, first };
}

/** What the numbers of a group come to. */
export type Summary = {
  count: number;
  mean: number | null;
  /** Sample standard deviation, divisor n - 1; null below two values. */
  deviation: number | null;
  minimum: number | null;
  maximum: number | null;
};

/** One statistic of every group's numbers; NaN where it does not exist. */
export function statisticOf(
  statistic: Statistic,
  rows: Int32Array,
  groups: Groups,
  numbers: Float64Array,
): Float64Array {
  const { count, of } = groups;
  const counts = new Float64Array(count);
  const sums = new Float64Array(count);
  const result = new Float64Array(count).fill(Number.NaN);
  for (let index = 0; index < rows.length; index++) {
    const value = numbers[rows[index] ?? 0] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    const group = of[index] ?? 0;
    counts[group] = (counts[group] ?? 0) + 1;
    sums[group] = (sums[group] ?? 0) + value;
    const best = result[group] ?? Number.NaN;
    if (statistic === "minimum" && !(best <= value)) result[group] = value;
    if (statistic === "maximum" && !(best >= value)) result[group] = value;
  }
  if (statistic === "count") return counts;
  if (statistic === "minimum" || statistic === "maximum") return result;
  const means = sums.map((sum, group) => sum / (counts[group] ?? 0));
  if (statistic === "mean") return means;
  const squares = new Float64Array(count);
  for (let index = 0; index < rows.length; index++) {
    const value = numbers[rows[index] ?? 0] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    const group = of[index] ?? 0;
    squares[group] = (squares[group] ?? 0) + (value - (means[group] ?? 0)) ** 2;
  }
  return squares.map((sum, group) =>
    (counts[group] ?? 0) < 2 ? Number.NaN : Math.sqrt(sum / ((counts[group] ?? 0) - 1)),
  );
}

/** Count, mean, sample standard deviation, smallest and largest of some numbers. */
export function summarise(numbers: readonly number[]): Summary {
  const count = numbers.length;
  if (count === 0) return { count, mean: null, deviation: null, minimum: null, maximum: null };
  const mean = numbers.reduce((sum, value) => sum + value, 0) / count;
  const squares = numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  let [minimum, maximum] = [Infinity, -Infinity];
  for (const value of numbers) {
    minimum = Math.min(minimum, value);
    maximum = Math.max(maximum, value);
  }
  return {
    count,
    mean,
    deviation: count < 2 ? null : Math.sqrt(squares / (count - 1)),
    minimum,
    maximum,
  };
}
