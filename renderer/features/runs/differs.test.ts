import { expect, test } from "vitest";
import type { RunRow } from "../../../shared/runs-table.ts";
import { differsIn } from "./differs.ts";
import type { TableRow } from "./use-table.ts";

const row = (over: Partial<RunRow>): TableRow => ({
  kind: "run",
  run: { state: "succeeded", reason: null, seed: 0, values: [1, "a"], ...over } as RunRow,
});

test("a column differs when two rows do not say the same in it", () => {
  const rows = [row({}), row({ seed: 1, values: [1, "b"] })];
  expect(differsIn(rows, "seed", -1)).toBe(true);
  expect(differsIn(rows, "state", -1)).toBe(false);
  expect(differsIn(rows, "lr", 0)).toBe(false);
  expect(differsIn(rows, "kind", 1)).toBe(true);
});

test("one row hides no column", () => {
  expect(differsIn([row({})], "state", -1)).toBe(true);
});
