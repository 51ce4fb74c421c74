/**
 * Randomness is seeded per sample, so that neither batch size nor sharding nor the order of work
 * changes a result.
 */

/**
 * The seed of one sample in one evaluation: a 32-bit hash of the job's seed, the attack as
 * name@version and the sample's id (FNV-1a over UTF-16 code units, then MurmurHash3's finaliser, so
 * that neighbouring ids get unrelated seeds). Integer in 0..2^32-1, the same everywhere for ever.
 */
export function sampleSeed(seed: number, attack: string, sample: string): number {
  // NUL cannot stand in a name, so no two triples are joined to the same text.
  return textSeed(`${seed}\0${attack}\0${sample}`);
}

/** The hash of sampleSeed for any text: an integer in 0..2^32-1, the same everywhere for ever. */
export function textSeed(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return finalise(hash);
}

function finalise(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * A generator of uniform numbers in [0, 1), steps of 2^-32: sfc32 (Doty-Humphrey's small fast
 * counting generator, from PractRand), which gives at least 2^32 numbers before it repeats.
 * @param seed an integer, of which the low 32 bits count
 */
export function uniformGenerator(seed: number): () => number {
  let a = finalise(seed);
  let b = finalise(seed ^ 0x9e3779b9);
  let c = finalise(seed ^ 0x243f6a88);
  let counter = 1;
  const next = () => {
    const result = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + result) | 0;
    return (result >>> 0) / 2 ** 32;
  };
  // The first numbers still resemble the seed.
  for (let i = 0; i < 12; i++) next();
  return next;
}
