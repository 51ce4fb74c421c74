import { readFileSync, writeFileSync } from "node:fs";

/** The element types of NumPy's .npy files that this kit reads and writes. */
const types = {
  "|u1": Uint8Array,
  "<i4": Int32Array,
  "<f4": Float32Array,
} as const;

export interface NpyArray {
  shape: number[];
  data: Uint8Array | Int32Array | Float32Array;
}

/** Writes a C-order array (numpy.lib.format, version 1.0; the data start at a multiple of 64). */
export function writeNpy(file: string, { shape, data }: NpyArray): void {
  const descr = Object.entries(types).find(([, type]) => data instanceof type)?.[0];
  const size = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${size}), }`;
  const header = `${text.padEnd(64 * Math.ceil((text.length + 11) / 64) - 11)}\n`;
  const start = Buffer.from("\x93NUMPY\x01\x00\x00\x00", "latin1");
  start.writeUInt16LE(header.length, 8);
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  writeFileSync(file, Buffer.concat([start, Buffer.from(header, "latin1"), bytes]));
}

/**
 * Reads a C-order array of uint8, int32 or float32.
 *
 * @throws Error that names the file when it is anything else or is cut off.
 */
export function readNpy(file: string): NpyArray {
  const bytes = readFileSync(file);
  if (bytes.toString("latin1", 0, 8) !== "\x93NUMPY\x01\x00")
    throw new Error(`${file} is not a .npy file of version 1.0`);
  const start = 10 + bytes.readUInt16LE(8);
  const header = bytes.toString("latin1", 10, start);
  const match = /'descr': '([^']+)', 'fortran_order': False, 'shape': \(([\d, ]*)\)/.exec(header);
  const type = Object.entries(types).find(([descr]) => descr === match?.[1])?.[1];
  if (!match || !type) throw new Error(`${file} has a header that this kit does not read`);
  const shape = match[2].split(",").flatMap((size) => (size.trim() === "" ? [] : [Number(size)]));
  const count = shape.reduce((product, size) => product * size, 1);
  const length = count * type.BYTES_PER_ELEMENT;
  if (bytes.length - start !== length)
    throw new Error(
      `${file} should hold ${length} bytes of data, but holds ${bytes.length - start}`,
    );
  // A copy, because a view must start at a multiple of the element's size.
  return { shape, data: new type(new Uint8Array(bytes.subarray(start)).buffer) };
}
