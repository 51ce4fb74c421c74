/**
 * Finds the entries of a ZIP archive (PKWARE APPNOTE 6.3, sections 4.3 and 4.5.3), as `.npz` files
 * are. Entries are read where they stand: their names are looked up, and never become paths.
 */
import { openRegularFile } from "../../platform/regular-file.ts";
import type { Piece } from "./byte-stream.ts";
import { damaged } from "./problems.ts";

export type ZipEntry = { name: string; piece: Piece; size: number };

/** Entries of one archive, and bytes of its directory. */
const mostEntries = 10_000;
const largestDirectory = 16 * 1024 * 1024;

const endMark = 0x06054b50;
const end64Mark = 0x06064b50;
const locatorMark = 0x07064b50;
const entryMark = 0x02014b50;
const localMark = 0x04034b50;
/** What stands in a 32-bit field whose value is in the 64-bit one. */
const elsewhere = 0xffffffff;

type Reader = (start: number, length: number) => Promise<Buffer>;

/** The entries of an archive. Throws DATASET_SOURCE_DAMAGED. */
export async function listZip(file: string): Promise<ZipEntry[]> {
  const handle = await openRegularFile(file);
  if (!handle) throw damaged(file, "is not there");
  try {
    const { size } = await handle.stat();
    const read: Reader = async (start, length) => {
      if (start < 0 || length < 0 || start + length > size)
        throw damaged(file, "is cut off or damaged: its directory points outside");
      const bytes = Buffer.alloc(length);
      const { bytesRead } = await handle.read(bytes, 0, length, start);
      if (bytesRead !== length) throw damaged(file, "became shorter while it was read");
      return bytes;
    };
    const { offset, length, count } = await findDirectory(file, size, read);
    if (count > mostEntries || length > largestDirectory)
      throw damaged(file, `claims to hold ${count} entries`);
    return await readEntries(file, await read(offset, length), count, read);
  } finally {
    await handle.close();
  }
}

async function findDirectory(file: string, size: number, read: Reader) {
  const tailLength = Math.min(size, 22 + 65_535 + 20);
  const tail = await read(size - tailLength, tailLength);
  let at = tail.length - 22;
  while (at >= 0 && tail.readUInt32LE(at) !== endMark) at--;
  if (at < 0) throw damaged(file, "is no ZIP archive, or is cut off");
  const directory = {
    count: tail.readUInt16LE(at + 10),
    length: tail.readUInt32LE(at + 12),
    offset: tail.readUInt32LE(at + 16),
  };
  const locator = at - 20;
  if (locator < 0 || tail.readUInt32LE(locator) !== locatorMark) return directory;
  const end64 = await read(Number(tail.readBigUInt64LE(locator + 8)), 56);
  if (end64.readUInt32LE(0) !== end64Mark) throw damaged(file, "has a damaged directory");
  return {
    count: Number(end64.readBigUInt64LE(32)),
    length: Number(end64.readBigUInt64LE(40)),
    offset: Number(end64.readBigUInt64LE(48)),
  };
}

async function readEntries(
  file: string,
  directory: Buffer,
  count: number,
  read: Reader,
): Promise<ZipEntry[]> {
  const entries: ZipEntry[] = [];
  let at = 0;
  for (let index = 0; index < count; index++) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== entryMark)
      throw damaged(file, "has a damaged directory");
    const flags = directory.readUInt16LE(at + 8);
    const method = directory.readUInt16LE(at + 10);
    const nameLength = directory.readUInt16LE(at + 28);
    const extraLength = directory.readUInt16LE(at + 30);
    const next = at + 46 + nameLength + extraLength + directory.readUInt16LE(at + 32);
    if (next > directory.length) throw damaged(file, "has a damaged directory");
    const name = directory.toString("utf8", at + 46, at + 46 + nameLength);
    const extra = directory.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength);
    const [size = 0, length = 0, offset = 0] = wideFields(
      [at + 24, at + 20, at + 42].map((field) => directory.readUInt32LE(field)),
      extra,
    );
    if ((flags & 1) !== 0) throw damaged(file, "is encrypted");
    if (method !== 0 && method !== 8)
      throw damaged(file, `is compressed by method ${method}; stored and deflate are read`);
    const local = await read(offset, 30);
    if (local.readUInt32LE(0) !== localMark) throw damaged(file, "has a damaged entry");
    const start = offset + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
    await read(start + length, 0); // the data must end inside
    entries.push({
      name,
      size,
      piece: { file, start, length, compression: method === 0 ? "none" : "deflate" },
    });
    at = next;
  }
  return entries;
}

/** Fields in the order in which the ZIP64 extra field holds those that 32 bits do not. */
function wideFields(fields: readonly number[], extra: Buffer): number[] {
  let wide: Buffer = Buffer.alloc(0);
  for (let at = 0; at + 4 <= extra.length;) {
    const length = extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === 1) wide = extra.subarray(at + 4, at + 4 + length);
    at += 4 + length;
  }
  let used = 0;
  return fields.map((field) => {
    if (field !== elsewhere || used + 8 > wide.length) return field;
    used += 8;
    return Number(wide.readBigUInt64LE(used - 8));
  });
}
