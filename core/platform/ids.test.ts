import { expect, test } from "vitest";
import { createIdSource } from "./ids.ts";

function take(count: number, newId: () => string): string[] {
  return Array.from({ length: count }, newId);
}

test("ids sort in the order they were made, whatever the clock does", () => {
  const times = [1000, 1000, 1001, 5, 5, 2000, 1999];
  const newId = createIdSource(
    () => times.shift() ?? 0,
    () => null,
  );
  const ids = take(10, newId);
  expect(ids).toEqual(ids.toSorted());
  expect(new Set(ids).size).toBe(10);
  for (const id of ids) expect(id).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
});

test("ids of a later source come after those of an earlier one, also with an earlier clock", () => {
  const before = take(
    3,
    createIdSource(
      () => 1_700_000_000_000,
      () => null,
    ),
  );
  for (const now of [0, 1_600_000_000_000, 1_700_000_000_000, 1_700_000_000_001]) {
    const after = take(
      3,
      createIdSource(
        () => now,
        () => before.at(-1) ?? null,
      ),
    );
    const all = [...before, ...after];
    expect(all).toEqual(all.toSorted());
    expect(new Set(all).size).toBe(6);
  }
});

test("an id tells its time in its first ten characters", () => {
  const [id = ""] = take(
    1,
    createIdSource(
      () => 1_469_918_176_385,
      () => null,
    ),
  );
  // The example of the ULID specification.
  expect(id.slice(0, 10)).toBe("01ARYZ6S41");
});
