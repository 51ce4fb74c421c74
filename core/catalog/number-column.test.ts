import { describe, expect, test } from "vitest";
import { packNumbers, unpackNumbers } from "./number-column.ts";

const none = Number.NaN;

test.each<[string, number[], number]>([
  ["no number at all", [none, none, none], 1],
  ["the same number everywhere", [0.1, 0.1, 0.1], 9],
  ["no rows", [], 1],
  ["bytes", [0, 254, none], 4],
  ["what is a byte too large", [0, 255, none], 7],
  ["65535, which would stand for none", [0, 65_535, none], 13],
  ["whole numbers", [0, 2 ** 32 - 2, none], 13],
  ["float32", [0.5, -1.25, none], 13],
  ["minus one, as for a class that is none", [-1, 3, 9], 13],
  ["float64", [0.1, 0.2, none], 25],
  ["negative zero", [-0, 0, 1], 13],
  ["infinities", [Infinity, -Infinity, 0.1], 25],
  ["the largest and the smallest", [Number.MAX_VALUE, Number.MIN_VALUE, none], 25],
])("%s come back bit for bit, in few bytes", (_what, values, bytes) => {
  const packed = packNumbers(Float64Array.from(values));
  expect(packed.length).toBe(bytes);
  const back = [...unpackNumbers(packed, values.length)];
  expect(back.map((value, i) => Object.is(value, values[i]))).toEqual(values.map(() => true));
});

describe("bytes that lie anywhere", () => {
  test("come back too: SQLite hands out buffers at any address", () => {
    const values = Float64Array.from([0.1, 0.2, 0.3]);
    const packed = packNumbers(values);
    for (let offset = 0; offset < 8; offset++) {
      const moved = Buffer.alloc(packed.length + 8).subarray(offset, offset + packed.length);
      packed.copy(moved);
      expect(unpackNumbers(moved, 3)).toEqual(values);
    }
  });

  test("of an unknown encoding are refused", () => {
    expect(() => unpackNumbers(Buffer.from([1, 2, 99]), 2)).toThrow(/no known encoding/);
    expect(() => unpackNumbers(Buffer.alloc(0), 0)).toThrow(/no known encoding/);
  });
});
