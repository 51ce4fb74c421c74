import { expect, test } from "vitest";
import { byEpochs, from } from "./places.ts";

test("steps are shown as epochs, and back", () => {
  const places = byEpochs([0, 50, 100, 150, 200, 250], [0, 0, 1, 1, 2, 2]);
  expect([0, 50, 100, 150, 250, -50].map((step) => places?.shown(step))).toEqual([
    0, 0.5, 1, 1.5, 2.5, -0.5,
  ]);
  for (const step of [0, 7, 100, 199, 300])
    expect(places?.kept(places.shown(step))).toBeCloseTo(step, 9);
});

test("epochs of different lengths keep their own", () => {
  const places = byEpochs([10, 20, 60], [1, 2, 3]);
  expect(places?.shown(15)).toBe(1.5);
  expect(places?.shown(40)).toBe(2.5);
  expect(places?.shown(100)).toBe(4);
});

test("one epoch, or one that falls back, tells nothing of the next", () => {
  expect(byEpochs([0, 1], [3, 3])).toBe(null);
  expect(byEpochs([0, 1], [3, 2])).toBe(null);
  expect(byEpochs([], [])).toBe(null);
});

test("times are told from a start", () => {
  expect(from(100).shown(130)).toBe(30);
  expect(from(100).kept(30)).toBe(130);
});
