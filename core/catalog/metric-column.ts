/**
 * Columns of numbers as blobs: float64, little-endian, NaN where a number is missing. A column
 * that is an arithmetic progression, as steps mostly are, is its first number and the difference.
 */

/** A column without any number is null. */
export type PackedColumn = Buffer | null;

const numberBytes = 8;
const progressionBytes = 2 * numberBytes;

/** Packs numbers of which some or all may be NaN, which stands for none. */
export function packColumn(numbers: Float64Array): PackedColumn {
  const difference = progressionOf(numbers);
  if (difference !== null) return packNumbers(Float64Array.of(numbers[0] ?? 0, difference));
  return isEmpty(numbers) ? null : packNumbers(numbers);
}

/** The bytes of numbers, without a copy. */
export function packNumbers(numbers: Float64Array): Buffer {
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

/** Unpacks a column of `count` numbers into `target` from index `at` on. */
export function unpackColumn(
  packed: PackedColumn,
  count: number,
  target: Float64Array,
  at = 0,
): void {
  if (!packed) {
    target.fill(Number.NaN, at, at + count);
  } else if (packed.byteLength === progressionBytes && count > 2) {
    const [first = 0, difference = 0] = unpackNumbers(packed);
    fillProgression(target, at, count, first, difference);
  } else {
    target.set(unpackNumbers(packed), at);
  }
}

/** The numbers of a blob; a view on it where it lies aligned. */
export function unpackNumbers(packed: Buffer): Float64Array {
  const { buffer, byteOffset, byteLength } = packed;
  if (byteOffset % numberBytes === 0)
    return new Float64Array(buffer, byteOffset, byteLength / numberBytes);
  return new Float64Array(buffer.slice(byteOffset, byteOffset + byteLength));
}

export function fillProgression(
  target: Float64Array,
  at: number,
  count: number,
  first: number,
  difference: number,
): void {
  for (let index = 0; index < count; index++) target[at + index] = first + index * difference;
}

/**
 * The difference if `first + index * difference` gives back every number, else null. At most two
 * numbers are none: there is nothing to save.
 */
export function progressionOf(numbers: Float64Array): number | null {
  if (numbers.length < 3) return null;
  const first = numbers[0] ?? 0;
  const difference = (numbers[1] ?? 0) - first;
  for (let index = 0; index < numbers.length; index++)
    if (numbers[index] !== first + index * difference) return null; // NaN equals nothing
  return difference;
}

function isEmpty(numbers: Float64Array): boolean {
  for (const number of numbers) if (!Number.isNaN(number)) return false;
  return true;
}
