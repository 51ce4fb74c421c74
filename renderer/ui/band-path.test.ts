import { expect, test } from "vitest";
import { bandOf } from "./band-path.ts";

test("values are gathered by pixel, each joined to the one before", () => {
  const x = [0, 0.2, 0.9, 1.5, 4];
  const y = [3, 1, 2, 5, 4];
  expect(bandOf(x, y, 0, 4, (value) => value)).toEqual([
    [
      { x: 0.5, low: 1, high: 3 },
      { x: 1.5, low: 2, high: 5 },
      { x: 4.5, low: 4, high: 5 },
    ],
  ]);
});

test("what is no number parts the band, places of other lines do not", () => {
  const x = [0, 1, 2, 3, 4];
  const y = [1, undefined, 2, Number.NaN, 3];
  expect(bandOf(x, y, 0, 4, (value) => value)).toEqual([
    [
      { x: 0.5, low: 1, high: 1 },
      { x: 2.5, low: 1, high: 2 },
    ],
    [{ x: 4.5, low: 3, high: 3 }],
  ]);
});

test("only the given part of the values counts", () => {
  expect(bandOf([0, 1, 2, 3], [9, 1, 2, 9], 1, 2, (value) => value * 0.1)).toEqual([
    [{ x: 0.5, low: 1, high: 2 }],
  ]);
});
