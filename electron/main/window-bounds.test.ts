import { expect, test } from "vitest";
import { fitBounds } from "./window-bounds.ts";

const left = { x: 0, y: 25, width: 1600, height: 975 };
const right = { x: 1600, y: 0, width: 1280, height: 800 };

test("a window opens where it was", () => {
  const saved = { x: 100, y: 60, width: 1200, height: 800 };
  expect(fitBounds(saved, [left, right])).toEqual(saved);
});

test("what was on a display that has gone opens on the first", () => {
  const saved = { x: 1700, y: 60, width: 1200, height: 700 };
  expect(fitBounds(saved, [left])).toEqual({ width: 1360, height: 860 });
});

test("a window is made to fit, and its title bar stays in reach", () => {
  expect(fitBounds({ x: 1650, y: -20, width: 4000, height: 3000 }, [left, right])).toEqual({
    x: 1650,
    y: 0,
    width: 1280,
    height: 800,
  });
  expect(fitBounds({ x: 0, y: 25, width: 10, height: 10 }, [left])).not.toMatchObject({ x: 0 });
  expect(fitBounds({ x: 0, y: 990, width: 900, height: 600 }, [left])).not.toMatchObject({ x: 0 });
});

test("what is no place is none", () => {
  for (const saved of [null, "x", {}, { x: 0, y: 0, width: "1", height: Number.NaN }])
    expect(fitBounds(saved, [right])).toEqual({ width: 1280, height: 800 });
  expect(fitBounds(null, [])).toEqual({ width: 1360, height: 860 });
});
