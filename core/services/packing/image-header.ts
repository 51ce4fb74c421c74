/** What the first bytes of an image file say of it, without decoding it. */
export type ImageHeader = { width: number; height: number; isGrey: boolean };

const pngStart = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const jpegStart = Buffer.from([0xff, 0xd8, 0xff]);

/** Whether a file begins as PNG or JPEG does. */
export function beginsAsImage(bytes: Buffer): boolean {
  return bytes.subarray(0, 8).equals(pngStart) || bytes.subarray(0, 3).equals(jpegStart);
}

/**
 * Reads the size in pixels and whether there is one channel of colour, from PNG's IHDR (ISO/IEC 15948,
 * 11.2.2) or JPEG's frame header (ITU-T T.81, B.2.2). Null when it is not within `bytes`.
 */
export function readImageHeader(bytes: Buffer): ImageHeader | null {
  const header = bytes[0] === 0x89 ? ofPng(bytes) : ofJpeg(bytes);
  return header && header.width > 0 && header.height > 0 ? header : null;
}

function ofPng(bytes: Buffer): ImageHeader | null {
  if (bytes.length < 26 || bytes.toString("latin1", 12, 16) !== "IHDR") return null;
  const colourType = bytes.readUInt8(25);
  return {
    width: bytes.readUInt32BE(16),
    height: bytes.readUInt32BE(20),
    isGrey: colourType === 0 || colourType === 4,
  };
}

function ofJpeg(bytes: Buffer): ImageHeader | null {
  let at = 2;
  while (at + 9 < bytes.length) {
    if (bytes[at] !== 0xff) return null;
    const marker = bytes.readUInt8(at + 1);
    if (marker === 0xff) {
      at += 1; // fill bytes may stand before a marker
      continue;
    }
    // Start of frame, of whatever process; DHT, JPG and DAC have codes among these.
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
      return {
        height: bytes.readUInt16BE(at + 5),
        width: bytes.readUInt16BE(at + 7),
        isGrey: bytes[at + 9] === 1,
      };
    if (marker === 0xda || marker === 0xd9) return null; // the image begins or ends
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return null;
}
