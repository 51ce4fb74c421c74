import { expect, test } from "vitest";
import { addMetricLine, createMetricBatch } from "./metric-lines.ts";

/** What a line gives to an empty batch, as a list of points. */
function parseMetricLine(line: string) {
  const batch = createMetricBatch();
  addMetricLine(batch, line);
  const orNull = (number: number | undefined) => (Number.isNaN(number) ? null : number);
  const points = [...batch.series].flatMap(([name, { steps, times, values }]) =>
    values.map((value, index) => ({
      name,
      step: orNull(steps[index]),
      time: orNull(times[index]),
      value,
    })),
  );
  return { points, bad: batch.badLines === 1 };
}

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

test("lines add up, series by series in the order of the lines", () => {
  const batch = createMetricBatch();
  for (const line of ['{"step": 0, "a": 1, "b": 2}', "garbage", '{"b": 3}', '{"step": 2, "a": 4}'])
    addMetricLine(batch, line);
  expect(batch.badLines).toBe(1);
  expect([...batch.series]).toEqual([
    ["a", { steps: [0, 2], times: [NaN, NaN], values: [1, 4] }],
    ["b", { steps: [0, NaN], times: [NaN, NaN], values: [2, 3] }],
  ]);
});
