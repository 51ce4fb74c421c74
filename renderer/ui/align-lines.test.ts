import { expect, test } from "vitest";
import { alignLines, type Line } from "./align-lines.ts";

const wave = (points: number, from: number, step: number): Line => ({
  x: Array.from({ length: points }, (_, index) => from + index * step),
  y: Array.from({ length: points }, (_, index) => Math.sin(index / 40) + (index % 3)),
});

test("few points keep their own places", () => {
  const lines = [
    { x: [0, 2, 4], y: [1, 2, 3] },
    { x: [1, 2], y: [5, 6] },
  ];
  expect(alignLines(lines, 2)).toEqual({
    x: [0, 1, 2, 4],
    y: [
      [1, undefined, 2, 3],
      [undefined, 5, 6, undefined],
    ],
  });
  expect(alignLines([], 100)).toEqual({ x: [], y: [] });
  expect(alignLines([{ x: [], y: [] }], 100)).toEqual({ x: [], y: [[]] });
});

test("however many lines of whatever length have at most four points a column", () => {
  const columns = 300;
  const lines = Array.from({ length: 60 }, (_, index) =>
    wave(1200 + index, index / 7, 1 + index / 90),
  );
  const { x, y } = alignLines(lines, columns);
  expect(x).toHaveLength(4 * columns);
  expect(x.every((place, index) => index === 0 || place > (x[index - 1] ?? Infinity))).toBe(true);
  for (const [index, values] of y.entries()) {
    expect(values).toHaveLength(x.length);
    const own = lines[index]?.y ?? [];
    const kept = values.filter((value) => value !== undefined);
    // What is kept is of the line, and its ends and extremes are kept.
    expect(Math.min(...kept)).toBe(Math.min(...own));
    expect(Math.max(...kept)).toBe(Math.max(...own));
    expect(kept[0]).toBe(own[0]);
    expect(kept.at(-1)).toBe(own.at(-1));
  }
});

test("each column keeps its extremes, and few points their order and about their places", () => {
  const many = wave(1000, 0, 1);
  const few: Line = { x: [0, 10.2, 10.3, 10.4, 999], y: [1, 3, 2, 4, 5] };
  const columns = 50;
  const { x, y } = alignLines([many, few], columns);
  const width = 999 / columns;
  for (let column = 0; column < columns; column++) {
    const inside = many.y.filter((_, at) => Math.floor((many.x[at] ?? 0) / width) === column);
    const kept = (y[0] ?? []).slice(column * 4, column * 4 + 4) as number[];
    expect(Math.max(...kept)).toBeGreaterThanOrEqual(Math.max(...inside));
    expect(Math.min(...kept)).toBeLessThanOrEqual(Math.min(...inside));
  }
  const kept = x.flatMap((place, at) => {
    const value = y[1]?.[at];
    return value === undefined ? [] : [{ place, value }];
  });
  expect(kept.map(({ value }) => value)).toEqual(few.y);
  for (const [index, { place }] of kept.entries())
    expect(Math.abs(place - (few.x[index] ?? Infinity))).toBeLessThan(width);
});
