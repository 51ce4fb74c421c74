import { expect, test } from "vitest";
import { expandGrid } from "./grid.ts";

test("every combination over the defaults, the last name varying fastest", () => {
  const points = expandGrid({ rate: [0.1, 0.01], seed: [0, 1] }, { rate: 1, loss: "ce" });
  expect(points.map(({ label }) => label)).toEqual([
    "rate=0.1 seed=0",
    "rate=0.1 seed=1",
    "rate=0.01 seed=0",
    "rate=0.01 seed=1",
  ]);
  expect(points[3]).toMatchObject({ parameters: { rate: 0.01, loss: "ce" }, seed: 1 });
});

test("labels hold only what differs", () => {
  const points = expandGrid({ rate: [0.1], loss: ["ce", "trades"] }, { rate: 1, loss: "ce" });
  expect(points.map(({ label }) => label)).toEqual(["loss=ce", "loss=trades"]);
});

test("the key does not depend on the order of names and tells number from text", () => {
  const key = (values: Record<string, (number | string)[]>) => expandGrid(values, {})[0]?.key;
  expect(key({ a: [1], b: [2] })).toBe(key({ b: [2], a: [1] }));
  expect(key({ a: [1] })).not.toBe(key({ a: ["1"] }));
  expect(key({ a: [1] })).not.toBe(key({ a: [1], seed: [1] }));
});

test("no values are one point: the defaults with seed 0", () => {
  expect(expandGrid({}, { rate: 1 })).toMatchObject([
    { parameters: { rate: 1 }, seed: 0, label: "" },
  ]);
});

test("labels are unique, also where text looks like a number or holds spaces", () => {
  const values = { a: [1, "1", true, "true", "x", "x b=y"], b: ["y", "", "é"] };
  const labels = expandGrid(values, {}).map(({ label }) => label);
  expect(new Set(labels).size).toBe(18);
  expect(labels).toContain('a="1" b=y');
  expect(labels).toContain("a=1 b=y");
});

test("a value that is named twice makes no second point", () => {
  expect(expandGrid({ rate: [1, 1, 2], seed: [0, 0] }, {}).map(({ label }) => label)).toEqual([
    "rate=1",
    "rate=2",
  ]);
});

test("too many points are refused before they are made", () => {
  const many = Array.from({ length: 1000 }, (_, i) => i);
  expect(() => expandGrid({ a: many, b: many, c: many, d: many }, {})).toThrow(
    expect.objectContaining({ code: "SPEC_INVALID" }),
  );
  expect(expandGrid({ a: many, b: many.slice(0, 100) }, {})).toHaveLength(100_000);
});

test.each([-1, 0.5, "1", true])("the seed %j is refused", (seed) => {
  expect(() => expandGrid({ seed: [seed] }, {})).toThrow(
    expect.objectContaining({ code: "PARAMETER_INVALID" }),
  );
});
