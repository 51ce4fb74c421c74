/** What runs can be placed by: the values of a comparison, as axes. */
import type { RunComparison } from "../../../shared/views.ts";

export type Axis = {
  /** Section and name, which no other axis has. */
  id: string;
  name: string;
  /** By run: a number, or the place of its text among `words`; null where it has none. */
  places: (number | null)[];
  /** The texts in their order; null for an axis of numbers. */
  words: string[] | null;
  low: number;
  high: number;
};

/** Longer texts, such as lists, are no places on an axis. */
const longestWord = 32;

const sections = ["parameters", "results", "metrics"] as const;

/** Parameters, results and metrics in which the runs differ. */
export function axesOf({ sections: all }: RunComparison): Axis[] {
  return sections.flatMap((section) =>
    all[section].flatMap(({ name, values, differs }) => {
      const known = values.filter((value) => value !== null);
      if (!differs || known.length < 2) return [];
      const isNumeric = known.every((value) => typeof value === "number");
      const words = isNumeric ? null : [...new Set(known.map(String))].toSorted();
      if (words?.some((word) => word.length > longestWord)) return [];
      const places = values.map((value) => {
        if (value === null) return null;
        return words ? words.indexOf(String(value)) : Number(value);
      });
      const numbers = places.filter((place) => place !== null);
      const axis: Axis = {
        id: `${section} ${name}`,
        name,
        places,
        words,
        low: Math.min(...numbers),
        high: Math.max(...numbers),
      };
      return axis.high > axis.low ? [axis] : [];
    }),
  );
}

/** The two axes that say most at first: a score or another result, by a parameter or another value. */
export function firstAxes(axes: readonly Axis[]): { x: Axis; y: Axis } | null {
  const numeric = axes.filter(({ words }) => words === null);
  const y =
    numeric.find(({ id }) => id.startsWith("results score")) ??
    numeric.find(({ id }) => id.startsWith("results ")) ??
    numeric.at(-1) ??
    axes.at(-1);
  const x = numeric.find((axis) => axis !== y) ?? axes.find((axis) => axis !== y) ?? y;
  return x && y ? { x, y } : null;
}

/** Whether an axis can be logarithmic. */
export function canBeLog({ low, words }: Axis): boolean {
  return words === null && low > 0;
}

/** Where a place lies between an axis's ends, from 0 to 1. */
export function shareOf({ low, high }: Axis, place: number, isLog = false): number {
  return isLog ? Math.log(place / low) / Math.log(high / low) : (place - low) / (high - low);
}

/** Round numbers along an axis, or its words. */
export function marksOf(axis: Axis, about: number, isLog = false): number[] {
  const { low, high, words } = axis;
  if (words) return words.map((_, index) => index);
  if (isLog) {
    const marks = logMarks(low, high);
    // Within a decade or so round numbers in even steps say more.
    if (marks.length > 2) return marks;
  }
  const rough = (high - low) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough;
  const marks: number[] = [];
  for (let mark = Math.ceil(low / step) * step; mark <= high + step / 1e6; mark += step)
    marks.push(Math.abs(mark) < step / 1e6 ? 0 : mark);
  return marks;
}

/** Powers of ten between two ends; with their twofold and fivefold where they are few. */
function logMarks(low: number, high: number): number[] {
  const from = Math.floor(Math.log10(low));
  const to = Math.ceil(Math.log10(high));
  const factors = to - from > 4 ? [1] : [1, 2, 5];
  const marks: number[] = [];
  for (let power = from; power <= to; power++)
    for (const factor of factors) {
      const mark = factor * 10 ** power;
      if (mark >= low && mark <= high) marks.push(mark);
    }
  return marks;
}
