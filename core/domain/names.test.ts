import { expect, test } from "vitest";
import { friendlyName } from "./names.ts";

test("names are an adjective and an animal, and 4,096 of them differ", () => {
  const names = new Set(Array.from({ length: 4096 }, (_, i) => friendlyName(i)));
  expect(names.size).toBe(4096);
  for (const name of names) expect(name).toMatch(/^[a-z]+-[a-z]+$/);
});

test("the same number gives the same name, however large it is", () => {
  expect(friendlyName(4096)).toBe(friendlyName(0));
  expect(friendlyName(2 ** 32 - 1)).toBe(friendlyName(4095));
});

test("what is no integer from 0 is refused", () => {
  for (const value of [-1, 0.5, Number.NaN, 2 ** 60])
    expect(() => friendlyName(value)).toThrow(RangeError);
});
