import { describe, expect, test } from "vitest";
import {
  checkBounds,
  clipToBounds,
  distancesBetween,
  epsilonLimit,
  worstCaseDistance,
} from "./distance.ts";
import { uniformGenerator } from "./seed.ts";

const unit = [0, 1] as const;

describe("distancesBetween", () => {
  test("is 3-4-5 where it should be", () => {
    const distances = distancesBetween(Float32Array.of(0, 0, 1), Float32Array.of(3, -4, 1));
    expect(distances).toEqual({ l0: 2, l1: 7, l2: 5, linf: 4 });
  });

  test("agrees with the definition on random samples", () => {
    const uniform = uniformGenerator(3);
    const x = Float32Array.from({ length: 784 }, uniform);
    const y = x.map((value) => (uniform() < 0.5 ? value : uniform()));
    const differences = Array.from(x, (value, i) => Math.abs(value - (y[i] ?? 0)));
    const distances = distancesBetween(x, y);
    expect(distances.l0).toBe(differences.filter(Boolean).length);
    expect(distances.l1).toBeCloseTo(
      differences.reduce((a, b) => a + b),
      10,
    );
    expect(distances.l2).toBeCloseTo(Math.hypot(...differences), 10);
    expect(distances.linf).toBe(Math.max(...differences));
  });

  test("keeps what float32 sums would lose", () => {
    const y = new Float32Array(1_000_000).fill(2 ** -12);
    expect(distancesBetween(new Float32Array(1_000_000), y).l2).toBe(1000 * 2 ** -12);
  });

  test("is not a number when a value is none, wherever it stands", () => {
    const x = Float32Array.of(0, 0, 0);
    for (const row of [
      [Number.NaN, 1, 2],
      [1, Number.NaN, 0],
    ]) {
      const distances = distancesBetween(x, Float32Array.from([...row, 0].slice(0, 3)));
      expect([distances.l1, distances.l2, distances.linf]).toEqual([NaN, NaN, NaN]);
    }
  });

  test("refuses samples of different size", () => {
    expect(() => distancesBetween(new Float32Array(2), new Float32Array(3))).toThrow(/2 and 3/);
  });
});

describe("worstCaseDistance", () => {
  const x = Float32Array.of(0, 0.25, 1);

  test("goes to the farther bound of every value", () => {
    expect(worstCaseDistance(x, "l0", unit)).toBe(3);
    expect(worstCaseDistance(x, "l1", unit)).toBe(2.75);
    expect(worstCaseDistance(x, "l2", unit)).toBe(Math.sqrt(2 + 0.75 ** 2));
    expect(worstCaseDistance(x, "linf", unit)).toBe(1);
  });

  test("is reached by no sample within the bounds but the farthest", () => {
    const uniform = uniformGenerator(4);
    const bounds = [-1, 2] as const;
    const clean = Float32Array.from({ length: 50 }, () => -1 + 3 * uniform());
    const farthest = clean.map((value) => (value > 0.5 ? -1 : 2));
    for (const norm of ["l0", "l1", "l2", "linf"] as const) {
      const worst = worstCaseDistance(clean, norm, bounds);
      expect(distancesBetween(clean, farthest)[norm]).toBeCloseTo(worst, 10);
      const other = clean.map(() => -1 + 3 * uniform());
      expect(distancesBetween(clean, other)[norm]).toBeLessThanOrEqual(worst);
    }
  });
});

describe("epsilonLimit", () => {
  test("lets pass what float32 makes of a step to epsilon, and no more", () => {
    const uniform = uniformGenerator(5);
    for (const epsilon of [1 / 255, 8 / 255]) {
      const limit = epsilonLimit(epsilon, "linf", unit, 784);
      const x = Float32Array.from({ length: 784 }, () => uniform() * (1 - epsilon));
      const moved = x.map((value) => Math.fround(value + Math.fround(epsilon)));
      expect(distancesBetween(x, moved).linf).toBeLessThanOrEqual(limit);
      expect(epsilon * 1.0001).toBeGreaterThan(limit);
    }
  });

  test("lets no further value of an l0 attack pass", () => {
    expect(epsilonLimit(5, "l0", unit, 784)).toBeLessThan(6);
    expect(epsilonLimit(5, "l0", unit, 784)).toBeGreaterThanOrEqual(5);
  });
});

describe("bounds", () => {
  test("are kept up to the tolerance", () => {
    expect(checkBounds(Float32Array.of(0, 1, -5e-7, 1 + 5e-7), unit)).toBe("inside");
    expect(checkBounds(Float32Array.of(0, 1.0001), unit)).toBe("out-of-bounds");
    expect(checkBounds(Float32Array.of(-1e-5, 1), unit)).toBe("out-of-bounds");
  });

  test("come after whether a value is finite", () => {
    expect(checkBounds(Float32Array.of(7, Number.NaN), unit)).toBe("not-finite");
    expect(checkBounds(Float32Array.of(0, -Infinity), unit)).toBe("not-finite");
  });

  test("clip in place", () => {
    const row = Float32Array.of(-5e-7, 0.5, 2);
    clipToBounds(row, unit);
    expect([...row]).toEqual([0, 0.5, 1]);
  });
});
