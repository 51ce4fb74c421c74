import { expect, test } from "vitest";
import { parseMetricLine } from "./metric-lines.ts";

test("reads every finite number with its place", () => {
  const line = '{"step": 3, "time": 1700000000.5, "train/loss": 0.31, "note": "hi", "n": -2}';
  expect(parseMetricLine(line)).toEqual({
    bad: false,
    points: [
      { name: "train/loss", step: 3, time: 1700000000.5, value: 0.31 },
      { name: "n", step: 3, time: 1700000000.5, value: -2 },
    ],
  });
});

test("a line without a step or a time has places of its own", () => {
  expect(parseMetricLine('{"loss": 1}').points).toEqual([
    { name: "loss", step: null, time: null, value: 1 },
  ]);
});

test.each(["", "garbage", "[1, 2]", "7", "null", '{"loss": "high"}', '{"loss": 1', "{}"])(
  "%j is a bad line",
  (line) => {
    expect(parseMetricLine(line)).toEqual({ bad: true, points: [] });
  },
);

test("what is not finite is counted; the line's other numbers are kept", () => {
  expect(parseMetricLine('{"a": NaN, "b": 2, "c": -Infinity}')).toEqual({
    bad: true,
    points: [{ name: "b", step: null, time: null, value: 2 }],
  });
  expect(parseMetricLine('{"a": 1e999}')).toEqual({ bad: true, points: [] });
});

test("a name that holds the word NaN is not touched", () => {
  const { points } = parseMetricLine('{"share of NaN": 0.5, "x": NaN}');
  expect(points.map(({ name }) => name)).toEqual(["share of NaN"]);
});

test("a name such as __proto__ is a name", () => {
  expect(parseMetricLine('{"__proto__": 4, "constructor": 5}').points).toHaveLength(2);
});
