import { describe, expect, test } from "vitest";
import type { Npy } from "./npy.ts";
import {
  bytesOf,
  decodeNpy,
  decodeNpyAt,
  encodeNpy,
  encodeNpyHeader,
  NpyError,
  parseNpyHeader,
} from "./npy.ts";

const arrays: Npy[] = [
  { dtype: "|u1", shape: [2, 3], data: Uint8Array.of(0, 1, 127, 128, 254, 255) },
  { dtype: "<i4", shape: [3], data: Int32Array.of(-1, 0, 2 ** 31 - 1) },
  { dtype: "<i8", shape: [2, 1], data: BigInt64Array.of(-1n, 2n ** 60n) },
  { dtype: "<f4", shape: [2, 2], data: Float32Array.of(1.5, Number.NaN, Infinity, -0) },
  { dtype: "<f8", shape: [], data: Float64Array.of(Math.PI) },
  { dtype: "<f4", shape: [0, 4], data: new Float32Array() },
];

/** A header as another writer may lay it out. */
function withHeader(text: string, version = 1, data: Uint8Array = new Uint8Array(8)): Uint8Array {
  const length =
    version === 1
      ? [text.length & 255, text.length >> 8]
      : [text.length & 255, text.length >> 8, 0, 0];
  const magic = [0x93, ...Buffer.from("NUMPY"), version, 0, ...length];
  return Uint8Array.from([...magic, ...Buffer.from(text), ...data]);
}

describe("an array", () => {
  test.each(arrays)("of $dtype and shape $shape is read as it was written", (array) => {
    const bytes = encodeNpy(array);
    const back = decodeNpy(bytes);
    expect(back.dtype).toBe(array.dtype);
    expect(back.shape).toEqual(array.shape);
    expect(bytesOf(back.data)).toEqual(bytesOf(array.data));
    expect((bytes.length - array.data.byteLength) % 64).toBe(0);
  });

  test("has the bytes that NumPy writes", () => {
    const text = "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }";
    const expected = withHeader(text.padEnd(117) + "\n", 1, new Uint8Array());
    expect(encodeNpyHeader("<f4", [3])).toEqual(expected);
  });

  test("may stand behind another, at any alignment", () => {
    const first = encodeNpy({ dtype: "|u1", shape: [3], data: Uint8Array.of(1, 2, 3) });
    const second = encodeNpy({ dtype: "<f4", shape: [2], data: Float32Array.of(4, 5) });
    const bytes = new Uint8Array(first.length + second.length);
    bytes.set(first);
    bytes.set(second, first.length);
    const { array, end } = decodeNpyAt(bytes, 0);
    expect([...array.data]).toEqual([1, 2, 3]);
    const next = decodeNpyAt(bytes, end);
    expect([...next.array.data]).toEqual([4, 5]);
    expect(next.end).toBe(bytes.length);
  });

  test("is a view of the bytes where they are aligned", () => {
    const bytes = encodeNpy({ dtype: "<f4", shape: [1], data: Float32Array.of(1) });
    expect(decodeNpy(bytes).data.buffer).toBe(bytes.buffer);
  });

  test.each([1, 2, 3])("of format version %i may have its keys in any order", (version) => {
    const text = `{"shape": (1L, 2,), "fortran_order": False, "descr": "<f4"}\n`;
    expect(decodeNpy(withHeader(text, version)).shape).toEqual([1, 2]);
  });
});

describe("refused with a sentence is", () => {
  const plain = (parts: { descr?: string; order?: string; shape?: string }) => {
    const { descr = "'<f4'", order = "False", shape = "(2,)" } = parts;
    return withHeader(`{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }\n`);
  };
  const cases: [string, Uint8Array, RegExp][] = [
    ["nothing", new Uint8Array(), /too short/],
    ["something else", new Uint8Array(200), /does not begin/],
    ["format version 9", withHeader("{}", 9), /version 9/],
    ["Fortran order", plain({ order: "True" }), /Fortran/],
    ["an unknown order", plain({ order: "None" }), /order/],
    ["pickled objects", plain({ descr: "'|O'" }), /pickled/],
    ["big-endian values", plain({ descr: "'>f4'" }), />f4/],
    ["a record type", plain({ descr: "[('a', '<f4')]" }), /no plain element type/],
    ["no shape", plain({ shape: "'x'" }), /shape/],
    ["an impossible shape", plain({ shape: "(9007199254740993, 9007199254740993)" }), /impossible/],
    ["a claim of more data", plain({ shape: "(1000000000,)" }), /claims 4000000000 bytes.*8 are/],
    ["data too many", plain({ shape: "(1,)" }), /4 bytes too many/],
    ["a header that is cut", plain({}).subarray(0, 30), /longer than what is there/],
    ["an endless header", withHeader("", 2).fill(0xff, 8, 12), /claims to be 4294967295/],
  ];
  test.each(cases)("%s", (_, bytes, message) => {
    expect(() => decodeNpy(bytes)).toThrow(NpyError);
    expect(() => decodeNpy(bytes)).toThrow(message);
  });
});

test("a header alone tells what should follow", () => {
  const header = encodeNpyHeader("<f4", [10, 3]);
  expect(parseNpyHeader(header)).toEqual({
    dtype: "<f4",
    shape: [10, 3],
    dataOffset: header.length,
    count: 30,
    byteLength: 120,
  });
});
