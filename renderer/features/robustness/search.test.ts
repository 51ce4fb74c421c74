import { describe, expect, test } from "vitest";
import { readNumbers, readRobustnessSearch } from "./search.ts";

describe("numbers that someone types", () => {
  test("are read between commas and spaces, fractions too", () => {
    expect(readNumbers(" 0.5, 1;2 .25 ")).toEqual([0.5, 1, 2, 0.25]);
    expect(readNumbers("8/255")).toEqual([8 / 255]);
    expect(readNumbers("")).toEqual([]);
  });

  test.each(["0.o3", "-1", "1/0", "1e400", "NaN", "1/2/3"])("%s is told to be none", (text) => {
    expect(readNumbers(text)).toBe(`“${text}” is not a number from 0.`);
  });
});

test("an address is forgiven what makes no sense in it", () => {
  const address = { set: 3, classes: [2, 1, 2, -1, 0.5, "x"], epsilons: [Infinity], model: "m" };
  expect(readRobustnessSearch(address)).toEqual({
    set: undefined,
    classes: [1, 2],
    epsilons: undefined,
    model: "m",
  });
});
