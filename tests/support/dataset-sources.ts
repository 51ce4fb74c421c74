/** Makes small datasets in the layouts that researchers have, and bytes that pretend to be some. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { deflateRawSync } from "node:zlib";
import sharp from "sharp";
import { encodeNpy } from "../../shared/npy.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A folder named `source` with files of any bytes, by their path in it. */
export function sourceWith(files: Readonly<Record<string, Uint8Array | string>>): string {
  const folder = join(temporaryFolder(), "source");
  mkdirSync(folder);
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  return folder;
}

/** An image of one colour. */
export function image(
  [red, green, blue]: readonly [number, number, number],
  format: "png" | "jpeg" = "png",
  [height, width]: readonly [number, number] = [4, 4],
): Promise<Buffer> {
  return sharp({
    create: { width, height, channels: 3, background: { r: red, g: green, b: blue } },
  })
    .toFormat(format)
    .toBuffer();
}

/** An IDX file of unsigned bytes. */
export function idx(sizes: readonly number[], data: Uint8Array): Buffer {
  const head = Buffer.alloc(4 + 4 * sizes.length);
  head.writeUInt32BE(0x0800 + sizes.length, 0);
  for (const [axis, size] of sizes.entries()) head.writeUInt32BE(size, 4 + 4 * axis);
  return Buffer.concat([head, data]);
}

export function npy(shape: number[], data: Uint8Array): Uint8Array {
  return encodeNpy({ dtype: "|u1", shape, data });
}

/** A ZIP archive; `claim` is what its directory says of compressed sizes instead of the truth. */
export function zip(
  entries: Readonly<Record<string, Uint8Array>>,
  options: { deflate?: boolean; claim?: number } = {},
): Buffer {
  const method = options.deflate ? 8 : 0;
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(entries)) {
    const data = options.deflate ? deflateRawSync(content) : Buffer.from(content);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(method, 8);
    local.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(options.claim ?? data.length, 20);
    entry.writeUInt32LE(content.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(offset, 42);
    locals.push(local, Buffer.from(name), data);
    directory.push(entry, Buffer.from(name));
    offset += 30 + name.length + data.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(entries).length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, listed, end]);
}

const text = (value: string) =>
  Buffer.concat([Buffer.from([0x55, value.length]), Buffer.from(value)]);
const byte = (value: number) => Buffer.from([0x4b, value]);
const int = (value: number) => {
  const bytes = Buffer.from([0x4a, 0, 0, 0, 0]);
  bytes.writeInt32LE(value, 1);
  return bytes;
};
const op = (...codes: number[]) => Buffer.from(codes);
const global = (module: string, name: string) => Buffer.from(`c${module}\n${name}\n`);

/**
 * A batch as Python 2 wrote CIFAR's: a dictionary with `labels` and `data`, protocol 2. `called` is
 * the function that the array is made by.
 */
export function cifarBatch(
  labels: readonly number[],
  data: Uint8Array,
  called: [module: string, name: string] = ["numpy.core.multiarray", "_reconstruct"],
): Buffer {
  const length = Buffer.alloc(5);
  length[0] = 0x54; // BINSTRING
  length.writeUInt32LE(data.length, 1);
  const parts: Buffer[][] = [
    [op(0x80, 2, 0x7d, 0x71, 1, 0x28)], // PROTO 2, EMPTY_DICT, BINPUT, MARK
    [text("labels"), op(0x5d, 0x28), ...labels.map(byte), op(0x65)], // EMPTY_LIST, MARK, APPENDS
    [text("data"), global(...called), global("numpy", "ndarray")],
    [byte(0), op(0x85), text("b"), op(0x87, 0x52)], // TUPLE1, TUPLE3, REDUCE
    [op(0x28), byte(1), int(labels.length), int(3072), op(0x86)], // MARK, TUPLE2
    [global("numpy", "dtype"), text("u1"), byte(0), byte(1), op(0x87, 0x52)],
    [op(0x28), byte(3), text("|"), op(0x4e, 0x4e, 0x4e), int(-1), int(-1), byte(0)],
    [op(0x74, 0x62, 0x89), length, Buffer.from(data), op(0x74, 0x62)], // TUPLE, BUILD, NEWFALSE
    [op(0x75, 0x2e)], // SETITEMS, STOP
  ];
  return Buffer.concat(parts.flat());
}
