import { expect, test } from "vitest";
import { readShare, readSize } from "./options.ts";

test("a size is height and width in pixels", () => {
  expect(readSize("")).toBe(null);
  expect(readSize(" 64x48 ")).toEqual([64, 48]);
  expect(readSize("64 × 48")).toEqual([64, 48]);
  for (const wrong of ["64", "0x64", "64x0", "64x64x3", "9999x1", "a x b", "-1x2"])
    expect(readSize(wrong)).toBe(undefined);
});

test("a share lies between 0 and 1", () => {
  expect(readShare("  ")).toBe(null);
  expect(readShare("0.25")).toBe(0.25);
  for (const wrong of ["0", "1", "-0.1", "20%", "NaN"]) expect(readShare(wrong)).toBe(undefined);
});
