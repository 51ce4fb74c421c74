import { expect, test } from "vitest";
import { compareRecords } from "./differences.ts";

test("one row per name of any record, null where it is missing", () => {
  const rows = compareRecords([
    { b: 1, a: { x: "same", y: [1, 2] } },
    { a: { x: "same", y: [1, 3], z: true }, b: 1, c: null },
  ]);
  expect(rows).toEqual([
    { name: "a.x", values: ["same", "same"], differs: false },
    { name: "a.y", values: ["[1,2]", "[1,3]"], differs: true },
    { name: "a.z", values: [null, true], differs: true },
    { name: "b", values: [1, 1], differs: false },
  ]);
});

test("names of Object's own are names like any other", () => {
  const record = JSON.parse('{"__proto__": 1, "constructor": 2}') as Record<string, unknown>;
  expect(compareRecords([record, {}])).toEqual([
    { name: "__proto__", values: [1, null], differs: true },
    { name: "constructor", values: [2, null], differs: true },
  ]);
});

test("nothing compared has no rows", () => {
  expect(compareRecords([])).toEqual([]);
  expect(compareRecords([{}, {}])).toEqual([]);
});
