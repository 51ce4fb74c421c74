import { expect, test } from "vitest";
import { moved, within, zoomed } from "./chart-window.ts";

test("a zoom keeps the place under the pointer, a move keeps the width", () => {
  expect(zoomed({ from: 0, to: 100 }, 0.5, 20)).toEqual({ from: 10, to: 60 });
  expect(zoomed({ from: 10, to: 60 }, 2, 20)).toEqual({ from: 0, to: 100 });
  expect(moved({ from: 10, to: 60 }, 0.5)).toEqual({ from: 35, to: 85 });
});

test("a window stays within all there is, and all there is is no window", () => {
  const whole = { from: 0, to: 100 };
  expect(within({ from: -20, to: 20 }, whole)).toEqual({ from: 0, to: 40 });
  expect(within({ from: 90, to: 130 }, whole)).toEqual({ from: 60, to: 100 });
  expect(within({ from: 30, to: 50 }, whole)).toEqual({ from: 30, to: 50 });
  expect(within({ from: -1, to: 101 }, whole)).toBeNull();
  expect(within({ from: -20, to: 20 }, null)).toEqual({ from: -20, to: 20 });
});
