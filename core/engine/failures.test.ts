import { expect, test } from "vitest";
import { createFailures } from "./failures.ts";

test("what failed is left alone longer each time, and at once again after a success", () => {
  let now = 0;
  const failures = createFailures(() => now);
  const waits: number[] = [];
  for (let round = 0; round < 9; round++) {
    failures.note("a", "read", "no");
    const before = now;
    while (failures.mustWait("a", "read")) now += 100;
    waits.push(now - before);
  }
  expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]);
  failures.clear("a", "read");
  failures.note("a", "read", "no");
  now += 500;
  expect(failures.mustWait("a", "read")).toBe(false);
});

test("one thing that fails holds up no other, and no other job", () => {
  const failures = createFailures(() => 0);
  failures.note("a", "read", "no");
  expect(failures.mustWait("a", "read")).toBe(true);
  expect(failures.mustWait("a", "stop")).toBe(false);
  expect(failures.mustWait("b", "read")).toBe(false);
});

test("the newest reason counts while it lasts, and ended jobs have none", () => {
  const failures = createFailures(() => 0);
  failures.note("a", "read", "first");
  failures.note("a", "collect", "second");
  failures.note("a", "set-condition", null);
  failures.note("b", "set-condition", null);
  expect(failures.all()).toEqual(new Map([["a", "second"]]));
  failures.note("a", "read", "third");
  expect(failures.why("a")).toBe("third");
  failures.clear("a", "read");
  expect(failures.why("a")).toBe("second");
  failures.keepOnly(new Set(["b"]));
  expect(failures.why("a")).toBeNull();
});
