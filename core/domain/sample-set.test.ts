import { expect, test } from "vitest";
import { chooseSampleSet } from "./sample-set.ts";

const labels = Array.from({ length: 1000 }, (_, index) =>
  index % 10 < 4 ? 0 : index % 10 < 7 ? 1 : 2,
);

test("classes have their share of the split", () => {
  const chosen = chooseSampleSet(labels, 100, 7);
  const counts = [0, 1, 2].map((label) => chosen.filter((index) => labels[index] === label).length);
  expect(counts).toEqual([40, 30, 30]);
  expect(new Set(chosen).size).toBe(100);
  expect(chosen).toEqual(chosen.toSorted((a, b) => a - b));
});

test("shares that are no whole numbers add up all the same", () => {
  for (const count of [1, 7, 33, 99, 1000])
    expect(chooseSampleSet(labels, count, 7)).toHaveLength(count);
});

test("the same seed chooses the same samples, another seed others", () => {
  expect(chooseSampleSet(labels, 50, 7)).toEqual(chooseSampleSet(labels, 50, 7));
  expect(chooseSampleSet(labels, 50, 8)).not.toEqual(chooseSampleSet(labels, 50, 7));
});

test("a larger choice holds a smaller one where the shares are whole", () => {
  const large = new Set(chooseSampleSet(labels, 500, 7));
  expect(chooseSampleSet(labels, 100, 7).filter((index) => !large.has(index))).toEqual([]);
});

test("more samples than there are is refused with both numbers", () => {
  expect(() => chooseSampleSet([0, 1], 3, 7)).toThrow(
    expect.objectContaining({
      code: "DATASET_TOO_SMALL",
      message: expect.stringContaining("2 samples"),
    }),
  );
});

test("equal remainders go to the lower labels, whatever the sizes", () => {
  // Shares of 3 of (3, 9, 3, 9): 0.375, 1.125, 0.375, 1.125; one is left for the first 0.375.
  const sizes = [3, 9, 3, 9];
  const uneven = sizes.flatMap((size, label) => Array<number>(size).fill(label));
  const chosen = chooseSampleSet(uneven, 3, 7);
  expect(sizes.map((_, label) => chosen.filter((i) => uneven[i] === label).length)).toEqual([
    1, 1, 0, 1,
  ]);
});

test("every class keeps to its share, rounded down or up", () => {
  for (const count of [1, 10, 77, 500]) {
    const chosen = chooseSampleSet(labels, count, 3);
    for (const [label, share] of [0.4, 0.3, 0.3].entries()) {
      const own = chosen.filter((index) => labels[index] === label).length;
      expect(Math.abs(own - share * count)).toBeLessThan(1);
    }
  }
});

test("what is no number of samples is refused", () => {
  for (const count of [-1, 1.5, Number.NaN])
    expect(() => chooseSampleSet(labels, count, 7)).toThrow(RangeError);
  expect(chooseSampleSet(labels, 0, 7)).toEqual([]);
});
