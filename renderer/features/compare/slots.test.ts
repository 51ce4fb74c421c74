import { expect, test } from "vitest";
import { slotsFor } from "./slots.ts";

test("runs keep their colours while others go, and new ones take what is free", () => {
  const first = slotsFor(["a", "b", "c"], new Map());
  expect([...first]).toEqual([
    ["a", 0],
    ["b", 1],
    ["c", 2],
  ]);
  const second = slotsFor(["a", "c"], first);
  expect(second.get("c")).toBe(2);
  const third = slotsFor(["d", "a", "c", "e"], second);
  expect(Object.fromEntries(third)).toEqual({ a: 0, c: 2, d: 1, e: 3 });
});
