/**
 * Columns of numbers as bytes: the smallest of a few encodings that gives every number back bit for
 * bit. The last byte names the encoding, so that the numbers before it stay aligned; they are
 * little-endian, as every platform that we build for is. Part of the stored layout.
 */
const encodings = {
  /** No number at all. */
  none: 0,
  /** The same number everywhere, once as float64. */
  constant: 1,
  /** Whole numbers below 2^8 - 1, 2^16 - 1 and 2^32 - 1; the largest stands for none. */
  uint8: 2,
  uint16: 3,
  uint32: 4,
  /** NaN stands for none. */
  float32: 5,
  float64: 6,
} as const;

/** Packs numbers; NaN stands for none. Infinities and -0 come back as they are. */
export function packNumbers(values: Float64Array): Buffer {
  const encoding = smallestEncoding(values);
  switch (encoding) {
    case encodings.none:
      return withEncoding(new Uint8Array(0), encoding);
    case encodings.constant:
      return withEncoding(values.subarray(0, 1), encoding);
    case encodings.uint8:
      return withEncoding(toWhole(values, new Uint8Array(values.length), 2 ** 8 - 1), encoding);
    case encodings.uint16:
      return withEncoding(toWhole(values, new Uint16Array(values.length), 2 ** 16 - 1), encoding);
    case encodings.uint32:
      return withEncoding(toWhole(values, new Uint32Array(values.length), 2 ** 32 - 1), encoding);
    case encodings.float32:
      return withEncoding(Float32Array.from(values), encoding);
    case encodings.float64:
      return withEncoding(values, encoding);
  }
}

/**
 * The `count` numbers of a packed column; NaN stands for none. It may be a view of `bytes`.
 * Throws a plain error for bytes that `packNumbers` did not write.
 */
export function unpackNumbers(bytes: Buffer, count: number): Float64Array {
  const { buffer, byteOffset } = aligned(bytes);
  const size = bytes.length - 1;
  switch (bytes[size]) {
    case encodings.none:
      return new Float64Array(count).fill(Number.NaN);
    case encodings.constant:
      return new Float64Array(count).fill(bytes.readDoubleLE(0));
    case encodings.uint8:
      return fromWhole(new Uint8Array(buffer, byteOffset, count), 2 ** 8 - 1);
    case encodings.uint16:
      return fromWhole(new Uint16Array(buffer, byteOffset, count), 2 ** 16 - 1);
    case encodings.uint32:
      return fromWhole(new Uint32Array(buffer, byteOffset, count), 2 ** 32 - 1);
    case encodings.float32:
      return Float64Array.from(new Float32Array(buffer, byteOffset, count));
    case encodings.float64:
      return new Float64Array(buffer, byteOffset, count);
    default:
      throw new Error(`a column of ${bytes.length} bytes has no known encoding`);
  }
}

type Encoding = (typeof encodings)[keyof typeof encodings];

function smallestEncoding(values: Float64Array): Encoding {
  const first = values[0] ?? Number.NaN;
  let isSame = true;
  let isWhole = true;
  let isFloat32 = true;
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    if (!Object.is(value, first)) isSame = false;
    if (Number.isNaN(value)) continue;
    if (!(value >= 0 && Number.isInteger(value)) || Object.is(value, -0)) isWhole = false;
    if (Math.fround(value) !== value) isFloat32 = false;
    if (value > largest) largest = value;
  }
  if (isSame) return Number.isNaN(first) ? encodings.none : encodings.constant;
  if (isWhole && largest < 2 ** 8 - 1) return encodings.uint8;
  if (isWhole && largest < 2 ** 16 - 1) return encodings.uint16;
  if (isFloat32) return encodings.float32;
  return isWhole && largest < 2 ** 32 - 1 ? encodings.uint32 : encodings.float64;
}

function toWhole<T extends Uint8Array | Uint16Array | Uint32Array>(
  values: Float64Array,
  result: T,
  none: number,
): T {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    result[i] = Number.isNaN(value) ? none : value;
  }
  return result;
}

function fromWhole(values: Uint8Array | Uint16Array | Uint32Array, none: number): Float64Array {
  const result = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? none;
    result[i] = value === none ? Number.NaN : value;
  }
  return result;
}

function withEncoding(
  values: Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array,
  encoding: Encoding,
): Buffer {
  const bytes = Buffer.allocUnsafe(values.byteLength + 1);
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  bytes[values.byteLength] = encoding;
  return bytes;
}

/** The bytes at a place where a float64 may stand. */
function aligned(bytes: Buffer): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, length } = bytes;
  return byteOffset % 8 === 0 && buffer instanceof ArrayBuffer
    ? new Uint8Array(buffer, byteOffset, length)
    : Uint8Array.from(bytes);
}
