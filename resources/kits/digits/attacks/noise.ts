/** A power of two, so that positions wrap around by a mask. */
const poolSize = 65_536;
let pool: Float32Array | null = null;

/** Standard normal numbers (Box and Muller 1958), the same in every process. */
function createPool(): Float32Array {
  const numbers = new Float32Array(poolSize);
  let state = 1;
  const uniform = () => {
    // Mulberry32 (Tommy Ettinger).
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < poolSize; i += 2) {
    // 1 - uniform() lies in (0, 1], so that the logarithm is finite.
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    numbers[i] = radius * Math.cos(angle);
    numbers[i + 1] = radius * Math.sin(angle);
  }
  return numbers;
}

/**
 * Fills `target` with normal numbers: the sum of two stretches of a pool, since drawing anew for
 * each step of a random walk takes longer than asking a small model. The random numbers that it
 * takes are two.
 */
export function fillNormal(target: Float32Array, random: () => number): void {
  const numbers = (pool ??= createPool());
  const first = Math.floor(random() * poolSize);
  const second = Math.floor(random() * poolSize);
  for (let i = 0; i < target.length; i++)
    target[i] = numbers[(first + i) & (poolSize - 1)] + numbers[(second + i) & (poolSize - 1)];
}
