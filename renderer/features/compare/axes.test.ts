import { expect, test } from "vitest";
import type { RunComparison } from "../../../shared/views.ts";
import { axesOf, canBeLog, firstAxes, marksOf, shareOf } from "./axes.ts";

type Row = RunComparison["sections"]["results"][number];

const row = (name: string, ...values: Row["values"]): Row => ({
  name,
  values,
  differs: new Set(values).size > 1,
});

function comparison(parts: Partial<RunComparison["sections"]>): RunComparison {
  const none = { parameters: [], results: [], metrics: [], experiment: [], environment: [] };
  return { runs: [], sections: { ...none, ...parts } };
}

test("what differs becomes an axis of numbers or of words; what is the same or a list does not", () => {
  const axes = axesOf(
    comparison({
      parameters: [
        row("lr", 0.1, 0.3, null),
        row("loss", "margin", "ce", "ce"),
        row("seed", 0, 0, 0),
      ],
      results: [row("per_class", "[0.1,0.2]".repeat(9), "[0.3]", "[0.4]"), row("score a", 1, 2, 3)],
    }),
  );
  expect(axes.map(({ name, places }) => [name, places])).toEqual([
    ["lr", [0.1, 0.3, null]],
    ["loss", [1, 0, 0]],
    ["score a", [1, 2, 3]],
  ]);
  expect(axes[1]?.words).toEqual(["ce", "margin"]);
  expect(firstAxes(axes)).toMatchObject({ x: { name: "lr" }, y: { name: "score a" } });
  expect(axes[0] && shareOf(axes[0], 0.2)).toBeCloseTo(0.5);
});

test("marks are round and within the axis", () => {
  const [axis] = axesOf(comparison({ parameters: [row("x", -0.2, 1.1)] }));
  if (!axis) throw new Error("no axis");
  expect(marksOf(axis, 6).map((mark) => Number(mark.toFixed(9)))).toEqual([0, 0.5, 1]);
  expect(firstAxes([axis])).toEqual({ x: axis, y: axis });
  expect(firstAxes([])).toBeNull();
});

test("on a logarithmic axis decades are equally long, and marks are their round numbers", () => {
  const [axis] = axesOf(comparison({ parameters: [row("lr", 0.001, 10)] }));
  if (!axis) throw new Error("no axis");
  expect(shareOf(axis, 0.1, true)).toBeCloseTo(0.5);
  const marks = marksOf(axis, 6, true).map((mark) => Number(mark.toPrecision(6)));
  expect(marks).toEqual([0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10]);
  expect(canBeLog(axis)).toBe(true);
  const [negative] = axesOf(comparison({ parameters: [row("x", -1, 1)] }));
  expect(negative && canBeLog(negative)).toBe(false);
});
