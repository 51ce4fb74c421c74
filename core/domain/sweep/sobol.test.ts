import { describe, expect, test } from "vitest";
import { uniformGenerator } from "../seed.ts";
import { directionNumbers, mostSobolDimensions, owenScramble, sobolCoordinate } from "./sobol.ts";

const whole = 2 ** 32;
const directions = Array.from({ length: mostSobolDimensions }, (_, d) => directionNumbers(d));

/** Rows of numerators over 2^32; scrambled with one seed per dimension unless `seed` is null. */
function points(count: number, dimensions: number, seed: number | null = null): number[][] {
  return Array.from({ length: count }, (_, index) =>
    directions.slice(0, dimensions).map((v, d) => {
      const x = sobolCoordinate(v, index);
      return seed === null ? x : owenScramble(x, Math.imul(seed * 64 + d + 1, 0x9e3779b1));
    }),
  );
}

describe("the sequence itself", () => {
  test("begins as published", () => {
    // The first points that Joe and Kuo's own program prints for six dimensions.
    expect(points(5, 6).map((row) => row.map((x) => x / whole))).toEqual([
      [0, 0, 0, 0, 0, 0],
      [0.5, 0.5, 0.5, 0.5, 0.5, 0.5],
      [0.75, 0.25, 0.25, 0.25, 0.75, 0.75],
      [0.25, 0.75, 0.75, 0.75, 0.25, 0.25],
      [0.375, 0.375, 0.625, 0.875, 0.375, 0.125],
    ]);
  });

  test("is that of SciPy 1.17 in all 64 dimensions", () => {
    // scipy.stats.qmc.Sobol(64, scramble=False, bits=32).random(4096) * 2**32
    const rows = points(4096, mostSobolDimensions);
    expect(rows[1000]?.slice(56)).toEqual([
      1950351360, 339738624, 3795845120, 2453667840, 1916796928, 2587885568, 1111490560, 1916796928,
    ]);
    expect(rows[4095]?.slice(56)).toEqual([
      3004170240, 2265972736, 2748317696, 2446327808, 1274019840, 1653604352, 2949644288,
      2377121792,
    ]);
    // FNV-1a over all 262,144 numbers.
    let hash = 0x811c9dc5;
    for (const x of rows.flat()) hash = Math.imul(hash ^ x, 0x01000193);
    expect(hash >>> 0).toBe(1747754437);
  });
});

describe.each([
  ["as it is", null],
  ["scrambled", 1],
  ["scrambled otherwise", 2024],
])("balance, %s", (_name, seed) => {
  test("each interval of each dimension holds one of the first 2^m points", () => {
    for (const m of [1, 4, 10]) {
      const rows = points(2 ** m, mostSobolDimensions, seed);
      for (let d = 0; d < mostSobolDimensions; d++) {
        const cells = new Set(rows.map((row) => Math.floor(((row[d] ?? 0) / whole) * 2 ** m)));
        expect(cells.size, `dimension ${d}, ${2 ** m} points`).toBe(2 ** m);
      }
    }
  });

  test("so does each elementary interval of the first two dimensions: a (0, m, 2)-net", () => {
    const m = 8;
    // Also the second and third block of 2^m points: a sequence is a net in each of them.
    for (const block of [0, 1, 2]) {
      const rows = points((block + 1) * 2 ** m, 2, seed).slice(block * 2 ** m);
      for (let a = 0; a <= m; a++) {
        const cells = new Set(
          rows.map(([x = 0, y = 0]) =>
            [Math.floor((x / whole) * 2 ** a), Math.floor((y / whole) * 2 ** (m - a))].join(),
          ),
        );
        expect(cells.size, `2^${a} by 2^${m - a}`).toBe(2 ** m);
      }
    }
  });

  test("discrepancy is far below that of random points", () => {
    const [count, dimensions] = [256, 6];
    const uniform = uniformGenerator(5);
    const random = Array.from({ length: count }, () =>
      Array.from({ length: dimensions }, () => uniform() * whole),
    );
    expect(discrepancy(points(count, dimensions, seed))).toBeLessThan(discrepancy(random) / 2);
  });
});

test("scrambling is a bijection that keeps equal beginnings equal", () => {
  const scrambled = Array.from({ length: 4096 }, (_, i) => owenScramble(i * 2 ** 20, 77));
  expect(new Set(scrambled.map((x) => Math.floor(x / 2 ** 20))).size).toBe(4096);
  const a = owenScramble(0xabcd0000, 3);
  const b = owenScramble(0xabcdffff, 3);
  expect(a >>> 16).toBe(b >>> 16);
  expect(a).not.toBe(b);
});

test("scrambled coordinates are uniform over seeds", () => {
  const values = Array.from(
    { length: 4096 },
    (_, seed) => owenScramble(0, Math.imul(seed + 1, 0x9e3779b1)) / whole,
  );
  const counts = Array.from({ length: 16 }, () => 0);
  for (const value of values)
    counts[Math.floor(value * 16)] = (counts[Math.floor(value * 16)] ?? 0) + 1;
  for (const count of counts) expect(Math.abs(count - 256)).toBeLessThan(80);
});

/** Centred L2 discrepancy (F. J. Hickernell, Math. Comp. 67, 299-322, 1998). */
function discrepancy(rows: number[][]): number {
  const n = rows.length;
  const d = rows[0]?.length ?? 0;
  const centred = rows.map((row) => row.map((x) => x / whole - 0.5));
  let single = 0;
  let pairs = 0;
  for (const row of centred) {
    single += row.reduce((product, x) => product * (1 + Math.abs(x) / 2 - (x * x) / 2), 1);
    for (const other of centred)
      pairs += row.reduce((product, x, j) => {
        const y = other[j] ?? 0;
        return product * (1 + Math.abs(x) / 2 + Math.abs(y) / 2 - Math.abs(x - y) / 2);
      }, 1);
  }
  return Math.sqrt((13 / 12) ** d - (2 / n) * single + pairs / n ** 2);
}
