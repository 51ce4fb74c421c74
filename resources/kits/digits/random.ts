/** A generator of uniform numbers in [0, 1). */
export type Random = () => number;

/** The finaliser of MurmurHash3 (Appleby): every input bit changes about half of the output bits. */
function mix(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/**
 * A generator that depends on nothing but its seeds: sfc32 (Chris Doty-Humphrey, PractRand). Give
 * several integers, such as run seed, epoch and sample, for streams that do not depend on the
 * order in which they are drawn. Our own, because Math.random cannot be seeded.
 */
export function createRandom(...seeds: number[]): Random {
  let hash = 0x9e3779b9;
  const state = [0, 1, 2].map((word) => {
    for (const seed of seeds) {
      // Seeds may exceed 32 bits: both halves count.
      hash = mix(hash ^ seed) + word;
      hash = mix(hash ^ Math.floor(seed / 2 ** 32)) + 0x6d2b79f5;
    }
    return mix(hash + word);
  });
  let [a, b, c] = state as [number, number, number];
  let counter = 1;
  const next = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  };
  // The first outputs still resemble the seeds.
  for (let i = 0; i < 12; i++) next();
  return next;
}

/** One standard normal number (Box and Muller 1958). */
export function normal(random: Random): number {
  // 1 - random() lies in (0, 1], so that the logarithm is finite.
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Shuffles in place (Fisher and Yates) and returns the same array. */
export function shuffle<T extends { length: number; [index: number]: number }>(
  items: T,
  random: Random,
): T {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const item = items[i];
    items[i] = items[j];
    items[j] = item;
  }
  return items;
}
