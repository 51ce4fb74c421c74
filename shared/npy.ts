/**
 * NumPy's array files (`.npy`, format versions 1 to 3; numpy.lib.format): the arrays that Gauntlet
 * and its jobs exchange. C order and little-endian only. Pure: bytes in, bytes out.
 */

/** The element types that are read and written. */
const typedArrays = {
  "|u1": Uint8Array,
  "<i4": Int32Array,
  "<i8": BigInt64Array,
  "<f4": Float32Array,
  "<f8": Float64Array,
} as const;
export type NpyDtype = keyof typeof typedArrays;

/** An array with its shape, the data in C order. */
export type Npy =
  | { dtype: "|u1"; shape: number[]; data: Uint8Array }
  | { dtype: "<i4"; shape: number[]; data: Int32Array }
  | { dtype: "<i8"; shape: number[]; data: BigInt64Array }
  | { dtype: "<f4"; shape: number[]; data: Float32Array }
  | { dtype: "<f8"; shape: number[]; data: Float64Array };

export type NpyHeader = {
  dtype: NpyDtype;
  shape: number[];
  /** Where the data begin, counted from where the bytes given begin. */
  dataOffset: number;
  /** Number of elements: the product of the shape. */
  count: number;
  /** Bytes that `count` elements take; what is really there is for the caller to check. */
  byteLength: number;
};

/** What is wrong with bytes that should have been an array, as one sentence. */
export class NpyError extends Error {
  override readonly name = "NpyError";
}

/** NumPy itself refuses headers over 10,000 bytes; nothing sane comes near this. */
const longestHeader = 65_535;

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** Bytes of one element. */
export function bytesPerElement(dtype: NpyDtype): number {
  return typedArrays[dtype].BYTES_PER_ELEMENT;
}

function isDtype(text: string): text is NpyDtype {
  return Object.hasOwn(typedArrays, text);
}

/**
 * Reads the header of an array that begins at `offset`. The data need not be there, so the first
 * bytes of a large file are enough.
 * @throws NpyError
 */
export function parseNpyHeader(bytes: Uint8Array, offset = 0): NpyHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < offset + 10) throw new NpyError("This is too short to be a .npy array.");
  if (magic.some((byte, i) => bytes[offset + i] !== byte))
    throw new NpyError("This is not a .npy array: it does not begin with \\x93NUMPY.");
  const version = view.getUint8(offset + 6);
  if (version < 1 || version > 3)
    throw new NpyError(`This is a .npy array of format version ${version}; 1 to 3 are read.`);
  const wide = version > 1;
  if (wide && bytes.length < offset + 12)
    throw new NpyError("This is too short to be a .npy array.");
  const textOffset = offset + (wide ? 12 : 10);
  const length = wide ? view.getUint32(offset + 8, true) : view.getUint16(offset + 8, true);
  if (length > longestHeader) throw new NpyError(`The .npy header claims to be ${length} bytes.`);
  if (bytes.length < textOffset + length)
    throw new NpyError("The .npy header is longer than what is there.");
  const text = String.fromCharCode(...bytes.subarray(textOffset, textOffset + length));
  const { dtype, shape } = parseDescription(text);
  const count = shape.reduce((product, size) => product * size, 1);
  const byteLength = count * bytesPerElement(dtype);
  if (!Number.isSafeInteger(byteLength))
    throw new NpyError(`The .npy header claims an impossible shape (${shape.join(", ")}).`);
  return { dtype, shape, dataOffset: textOffset + length, count, byteLength };
}

/** The header's text is a Python dictionary; its three keys may stand in any order. */
function parseDescription(text: string): { dtype: NpyDtype; shape: number[] } {
  const descr = /['"]descr['"]\s*:\s*(?:'([^']*)'|"([^"]*)")/.exec(text);
  if (!descr) throw new NpyError("The .npy header names no plain element type.");
  const dtype = descr[1] ?? descr[2] ?? "";
  if (dtype.includes("O"))
    throw new NpyError("The .npy array holds pickled Python objects; those are never read.");
  if (!isDtype(dtype)) {
    const known = Object.keys(typedArrays).join(", ");
    throw new NpyError(`The .npy array has elements of type ${dtype}; these are read: ${known}.`);
  }
  const order = /['"]fortran_order['"]\s*:\s*(True|False)/.exec(text)?.[1];
  if (order === undefined) throw new NpyError("The .npy header does not tell the order.");
  if (order === "True")
    throw new NpyError("The .npy array is in Fortran order; save it in C order.");
  const sizes = /['"]shape['"]\s*:\s*\(((?:\s*\d+L?\s*,)*\s*(?:\d+L?)?\s*)\)/.exec(text)?.[1];
  if (sizes === undefined) throw new NpyError("The .npy header tells no shape.");
  return { dtype, shape: (sizes.match(/\d+/g) ?? []).map(Number) };
}

/**
 * Reads the array that begins at `offset`; `end` is where the next one may begin. The data are a
 * view of `bytes` where alignment allows, else a copy.
 * @throws NpyError also when less is there than the header claims
 */
export function decodeNpyAt(bytes: Uint8Array, offset: number): { array: Npy; end: number } {
  const { dtype, shape, dataOffset, count, byteLength } = parseNpyHeader(bytes, offset);
  const end = dataOffset + byteLength;
  if (end > bytes.length) {
    const there = bytes.length - dataOffset;
    throw new NpyError(`The .npy header claims ${byteLength} bytes of data, ${there} are there.`);
  }
  const start = bytes.byteOffset + dataOffset;
  const aligned = start % bytesPerElement(dtype) === 0;
  const buffer = aligned ? bytes.buffer : bytes.slice(dataOffset, end).buffer;
  const at = aligned ? start : 0;
  return { array: viewOf(dtype, shape, buffer, at, count), end };
}

function viewOf(
  dtype: NpyDtype,
  shape: number[],
  buffer: ArrayBufferLike,
  at: number,
  count: number,
): Npy {
  switch (dtype) {
    case "|u1":
      return { dtype, shape, data: new Uint8Array(buffer, at, count) };
    case "<i4":
      return { dtype, shape, data: new Int32Array(buffer, at, count) };
    case "<i8":
      return { dtype, shape, data: new BigInt64Array(buffer, at, count) };
    case "<f4":
      return { dtype, shape, data: new Float32Array(buffer, at, count) };
    case "<f8":
      return { dtype, shape, data: new Float64Array(buffer, at, count) };
  }
}

/**
 * Reads bytes that are one array and nothing else.
 * @throws NpyError also when fewer or more bytes are there than the header claims
 */
export function decodeNpy(bytes: Uint8Array): Npy {
  const { array, end } = decodeNpyAt(bytes, 0);
  if (end !== bytes.length)
    throw new NpyError(`The .npy array is followed by ${bytes.length - end} bytes too many.`);
  return array;
}

/**
 * The header (format version 1) of an array, padded so that the data begin at a multiple of 64
 * bytes. The data follow in C order, little-endian.
 */
export function encodeNpyHeader(dtype: NpyDtype, shape: readonly number[]): Uint8Array {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${dtype}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64;
  const header = new Uint8Array(length).fill(0x20);
  header.set([...magic, 1, 0, (length - 10) & 0xff, (length - 10) >> 8]);
  for (let i = 0; i < text.length; i++) header[10 + i] = text.charCodeAt(i);
  header[length - 1] = 0x0a;
  return header;
}

/** The bytes of a whole array: header, then data. */
export function encodeNpy({ dtype, shape, data }: Npy): Uint8Array {
  const header = encodeNpyHeader(dtype, shape);
  const bytes = new Uint8Array(header.length + data.byteLength);
  bytes.set(header);
  bytes.set(bytesOf(data), header.length);
  return bytes;
}

/** The bytes of a typed array, without a copy. */
export function bytesOf(data: Npy["data"]): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
