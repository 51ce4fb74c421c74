import { joeKuo } from "./direction-numbers.ts";

/** The first dimension is the van der Corput sequence and has no row in the table. */
export const mostSobolDimensions = joeKuo.length + 1;

const width = 32;

/**
 * The direction numbers of one dimension, the binary fraction's first digit in the highest bit
 * (Bratley and Fox, ACM TOMS 14, 88-100, 1988; parameters from Joe and Kuo, 2008).
 * @param dimension 0 to mostSobolDimensions - 1
 */
export function directionNumbers(dimension: number): Uint32Array {
  const v = new Uint32Array(width);
  if (dimension === 0) {
    for (let k = 0; k < width; k++) v[k] = 1 << (width - 1 - k);
    return v;
  }
  const row = joeKuo[dimension - 1];
  if (!row) throw new Error(`no direction numbers for dimension ${dimension}`);
  const [degree, polynomial, ...first] = row;
  for (let k = 0; k < width; k++) {
    if (k < degree) {
      v[k] = (first[k] ?? 0) << (width - 1 - k);
      continue;
    }
    const earlier = v[k - degree] ?? 0;
    let next = earlier ^ (earlier >>> degree);
    for (let j = 1; j < degree; j++)
      if ((polynomial >>> (degree - 1 - j)) & 1) next ^= v[k - j] ?? 0;
    v[k] = next;
  }
  return v;
}

/**
 * Coordinate of one point of the sequence in Gray code order, which is the order of the published
 * programs: 0, 0.5, 0.75, 0.25, ... in the first dimension.
 * @param index 0 to 2^32 - 1
 * @returns a numerator over 2^32
 */
export function sobolCoordinate(directions: Uint32Array, index: number): number {
  let gray = (index ^ (index >>> 1)) >>> 0;
  let x = 0;
  for (let k = 0; gray !== 0; k++, gray >>>= 1) if (gray & 1) x ^= directions[k] ?? 0;
  return x >>> 0;
}

/**
 * Owen's nested uniform scrambling by a hash: every digit of the fraction is flipped or not by what
 * the digits before it and the seed say, so that the points stay as evenly spread as they were
 * (S. Laine and T. Karras 2011; constants from B. Burley, "Practical Hash-based Owen Scrambling",
 * JCGT 9(4), 2020).
 * @param x and the result are numerators over 2^32
 */
export function owenScramble(x: number, seed: number): number {
  // In the hash a bit changes only those above it; reversed, the first digit is the lowest bit.
  let h = reverseBits(x);
  h = (h + seed) | 0;
  h ^= Math.imul(h, 0x6c50b47c);
  h ^= Math.imul(h, 0xb82f1e52);
  h ^= Math.imul(h, 0xc7afe638);
  h ^= Math.imul(h, 0x8d22f6e6);
  return reverseBits(h);
}

function reverseBits(value: number): number {
  let x = value;
  x = ((x >>> 1) & 0x55555555) | ((x & 0x55555555) << 1);
  x = ((x >>> 2) & 0x33333333) | ((x & 0x33333333) << 2);
  x = ((x >>> 4) & 0x0f0f0f0f) | ((x & 0x0f0f0f0f) << 4);
  x = ((x >>> 8) & 0x00ff00ff) | ((x & 0x00ff00ff) << 8);
  return ((x >>> 16) | (x << 16)) >>> 0;
}
