import { afterEach, expect, test, vi } from "vitest";
import { gather } from "./gather.ts";

afterEach(() => {
  vi.useRealTimers();
});

test("the first comes at once, what follows together, and after a pause at once again", () => {
  vi.useFakeTimers();
  const told: number[][] = [];
  const gathered = gather<number>(1000, (batch) => told.push(batch));
  gathered.add([1]);
  expect(told).toEqual([[1]]);
  gathered.add([2, 3]);
  gathered.add([4]);
  expect(told).toEqual([[1]]);
  vi.advanceTimersByTime(1000);
  expect(told).toEqual([[1], [2, 3, 4]]);
  vi.advanceTimersByTime(1000);
  gathered.add([]);
  gathered.add([5]);
  expect(told).toEqual([[1], [2, 3, 4], [5]]);
  gathered.add([6]);
  gathered.end();
  vi.advanceTimersByTime(5000);
  expect(told).toHaveLength(3);
});
