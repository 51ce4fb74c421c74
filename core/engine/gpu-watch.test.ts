import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { createGpuWatch } from "./gpu-watch.ts";

test("an old answer serves for a while, and one that is too old for nothing", async () => {
  let now = 0;
  let told = 0;
  const asked: number[][] = [];
  const watch = createGpuWatch(
    async (held) => {
      asked.push([...held]);
      return new Map([[asked.length, "somebody"]]);
    },
    () => now,
    () => (told += 1),
  );
  expect(watch.users(new Set([1]))).toBeNull();
  expect(watch.users(new Set([1]))).toBeNull();
  await setImmediate();
  expect(told).toBe(1);
  now = 2999;
  expect(watch.users(new Set())).toEqual(new Map([[1, "somebody"]]));
  await setImmediate();
  expect(asked).toEqual([[1]]);
  now = 3000;
  expect(watch.users(new Set([2]))).toEqual(new Map([[1, "somebody"]]));
  await setImmediate();
  expect(watch.users(new Set())).toEqual(new Map([[2, "somebody"]]));
  expect(asked).toEqual([[1], [2]]);
  now = 13_000;
  expect(watch.users(new Set())).toBeNull();
  await setImmediate();
});
