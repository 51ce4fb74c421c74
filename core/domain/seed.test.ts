import { describe, expect, test } from "vitest";
import { sampleSeed, uniformGenerator } from "./seed.ts";

describe("sampleSeed", () => {
  test("is the same for ever", () => {
    expect(sampleSeed(0, "ddn@1.0.0", "test-0000000")).toBe(1955487050);
    expect(sampleSeed(7, "boundary@1.2.0", "test-0000123")).toBe(415218231);
  });

  test("differs by every part, and spreads over 32 bits", () => {
    const seeds = new Set<number>();
    for (const seed of [0, 1])
      for (const attack of ["a@1", "a@2"])
        for (let i = 0; i < 1000; i++) seeds.add(sampleSeed(seed, attack, `test-${i}`));
    expect(seeds.size).toBeGreaterThanOrEqual(3999);
    const mean = [...seeds].reduce((a, b) => a + b) / seeds.size / 2 ** 32;
    expect(mean).toBeGreaterThan(0.45);
    expect(mean).toBeLessThan(0.55);
    for (const seed of seeds)
      expect(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32).toBe(true);
  });

  test("does not confuse where one part ends", () => {
    expect(sampleSeed(1, "1a", "b")).not.toBe(sampleSeed(11, "a", "b"));
    expect(sampleSeed(1, "ab", "c")).not.toBe(sampleSeed(1, "a", "bc"));
  });
});

describe("uniformGenerator", () => {
  test("repeats itself from the same seed and not from a neighbour", () => {
    const [a, b, c] = [9, 9, 10].map((seed) => Array.from({ length: 20 }, uniformGenerator(seed)));
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
  });

  test("is uniform in [0, 1), and one number tells nothing of the next", () => {
    const uniform = uniformGenerator(1);
    const values = Array.from({ length: 20_000 }, uniform);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    const mean = values.reduce((a, b) => a + b) / values.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.01);
    const products = values.slice(1).map((value, i) => (value - 0.5) * ((values[i] ?? 0) - 0.5));
    expect(Math.abs(products.reduce((a, b) => a + b) / products.length)).toBeLessThan(0.003);
  });
});
