import { Binary, Long, serialize } from "bson";
import { expect, test } from "vitest";
import { decodeAnswer, decodeQuestion, encodeAnswer, encodeQuestion } from "./protocol.ts";

const image = { shape: [1, 2, 3], data: Uint8Array.of(0, 1, 2, 253, 254, 255) };

test("questions and answers come back as they were", () => {
  const { shape, data } = decodeQuestion(encodeQuestion(image));
  expect(shape).toEqual(image.shape);
  expect([...data]).toEqual([...image.data]);
  expect(decodeAnswer(encodeAnswer(199))).toBe(199);
});

test("the bytes are those of the challenge's own encoder", () => {
  // bson.dumps({"prediction": 7}) of Python's bson.
  const hex = "150000001070726564696374696f6e000700000000";
  expect(Buffer.from(encodeAnswer(7)).toString("hex")).toBe(hex);
  expect(decodeAnswer(serialize({ prediction: Long.fromNumber(7) }))).toBe(7);
});

test.each([
  ["no document", Buffer.from("hello"), /no BSON/],
  ["a length that lies", Buffer.from("ffffff7f00", "hex"), /no BSON/],
  ["no image", serialize({ picture: 1 }), /no image/],
  ["floats", question({ dtype: "<f4" }), /dtype/],
  ["a shape that lies", question({ shape: [2, 2, 3] }), /6 bytes/],
  ["a negative shape", question({ shape: [-1, -2, 3] }), /shape/],
  ["text for data", question({ data: "abcdef" }), /data/],
])("a question with %s is refused", (_what, bytes, why) => {
  expect(() => decodeQuestion(bytes)).toThrow(why);
});

test.each([
  ["a fraction", 1.5],
  ["text", "7"],
  ["a negative number", -1],
  ["nothing", null],
  ["not a number", Number.NaN],
])("an answer with %s is refused", (_what, prediction) => {
  expect(() => decodeAnswer(serialize({ prediction }))).toThrow(/no label/);
});

function question(changed: object): Uint8Array {
  const { shape, data } = image;
  return serialize({
    image: { type: "array", shape, dtype: "|u1", data: new Binary(data), ...changed },
  });
}
