import { availableParallelism } from "node:os";
import { basename } from "node:path";
import sharp, { type Sharp } from "sharp";
import { GauntletError } from "../../../shared/errors.ts";
import { excerpt } from "../../../shared/visible.ts";
import { mapInOrder } from "../../platform/in-order.ts";
import { openRegularFile } from "../../platform/regular-file.ts";
import { beginsAsImage, type ImageHeader, readImageHeader } from "./image-header.ts";
import { damaged, unusable } from "./problems.ts";
import { mostSamples, type Part, type ReadOptions, type Source } from "./source.ts";

/** Bytes of one image file, and pixels that it may claim: 8000 x 8000, the largest of ImageNet is 9331 x 6530. */
const largestFile = 64 * 1024 * 1024;
const mostPixels = 64_000_000;

/** Images in work at a time: the decoder's threads never wait for the disk. */
const ahead = 2 * availableParallelism();

/** Samples as image files: absolute paths and, by file, an index into the classes. */
export type ImagePart = { split: Part["split"]; files: string[]; labels: number[] };

// Each image is small: threads work on images, not on parts of one.
sharp.concurrency(1);
sharp.cache(false);

/**
 * A source of PNG and JPEG files, NCHW, uint8. One channel when every image is grey, else three;
 * what is transparent is taken as opaque, colour profiles and orientation tags are passed over, as
 * `Image.open(file).convert("RGB")` of Pillow does. With a size, images are resized (Lanczos) to
 * cover it and cut around the centre.
 * @throws GauntletError DATASET_SIZES_DIFFER when images differ in size and none was asked for,
 *   DATASET_SOURCE_DAMAGED, which names the file, DATASET_INVALID when there is none
 */
export async function imageSource(
  what: Pick<Source, "format" | "classes" | "notes">,
  parts: readonly ImagePart[],
  { size }: ReadOptions,
): Promise<Source> {
  const files = parts.flatMap((part) => part.files);
  if (files.length === 0)
    throw unusable("It holds no image.", "Images are files named .png, .jpg or .jpeg.");
  if (files.length > mostSamples)
    throw unusable(`It holds more than ${mostSamples} images.`, "Add a part of it.");
  const { channels, height, width } = await lookAt(files, size);
  return {
    ...what,
    input: { shape: [channels, height, width], layout: "NCHW", bounds: [0, 1] },
    dtype: "|u1",
    parts: parts.map(({ split, files, labels }) => ({
      split,
      labels,
      rows: () => mapInOrder(files, ahead, (file) => decode(file, channels, [height, width])),
    })),
  };
}

/** Looks at the headers of all files, so that what does not fit is said before work begins. */
async function lookAt(
  files: readonly string[],
  size: ReadOptions["size"],
): Promise<{ channels: 1 | 3; height: number; width: number }> {
  let first: (ImageHeader & { file: string }) | undefined;
  let channels: 1 | 3 = 1;
  const looks = mapInOrder(files, ahead, async (file) => ({ file, ...(await headerOf(file)) }));
  for await (const look of looks) {
    first ??= look;
    if (!look.isGrey) channels = 3;
    if (size === null && (look.width !== first.width || look.height !== first.height))
      throw new GauntletError(
        "DATASET_SIZES_DIFFER",
        `${excerpt(look.file, 300)} is ${look.height}x${look.width} (height x width), ${excerpt(basename(first.file), 100)} is ${first.height}x${first.width}.`,
        {
          hint: `Give one size for all images, such as --size ${first.height}x${first.width}.`,
        },
      );
  }
  if (!first) throw new Error("no file was looked at");
  const [height, width] = size ?? [first.height, first.width];
  return { channels, height, width };
}

/** Bytes in which nearly every header ends; a file with much metadata is read whole. */
const headerBytes = 16 * 1024;

async function headerOf(file: string): Promise<ImageHeader> {
  const start = await readImage(file, headerBytes);
  const isWhole = start.length < headerBytes;
  const header =
    readImageHeader(start) ?? (isWhole ? null : readImageHeader(await readImage(file)));
  if (!header) throw damaged(file, "does not say how large its image is, or is cut off");
  if (header.width * header.height > mostPixels)
    throw damaged(file, `claims ${header.height}x${header.width} pixels; ${mostPixels} are read`);
  return header;
}

/** The values of one image in C order (channel, row, column). */
async function decode(
  file: string,
  channels: 1 | 3,
  [height, width]: readonly [number, number],
): Promise<Uint8Array> {
  const bytes = await readImage(file);
  const { data, info } = await decoding(file, () =>
    open(bytes)
      .resize({ width, height, fit: "cover", kernel: "lanczos3" })
      .removeAlpha()
      .toColourspace(channels === 1 ? "b-w" : "srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true }),
  );
  if (info.width !== width || info.height !== height || data.length % (width * height) !== 0)
    throw damaged(file, `was decoded as ${info.height}x${info.width}, not ${height}x${width}`);
  return planes(data, channels, data.length / (width * height), width * height);
}

/** From pixels side by side to one plane after another; a grey image fills all planes. */
function planes(data: Uint8Array, channels: number, from: number, pixels: number): Uint8Array {
  if (channels === 1 && from === 1) return data;
  const result = new Uint8Array(channels * pixels);
  for (let channel = 0; channel < channels; channel++) {
    const offset = channel < from ? channel : 0;
    const start = channel * pixels;
    for (let i = 0; i < pixels; i++) result[start + i] = data[i * from + offset] ?? 0;
  }
  return result;
}

function open(bytes: Uint8Array): Sharp {
  return sharp(bytes, { failOn: "error", limitInputPixels: mostPixels, ignoreIcc: true });
}

/** The first bytes of a file that begins as PNG or JPEG does: no other decoder is let at it. */
async function readImage(file: string, most = largestFile): Promise<Buffer> {
  const handle = await openRegularFile(file);
  if (!handle) throw damaged(file, "is not there");
  try {
    const { size } = await handle.stat();
    if (size > largestFile) throw damaged(file, "is larger than an image of 64 MiB");
    const bytes = Buffer.alloc(Math.min(size, most));
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
    if (!beginsAsImage(bytes)) throw damaged(file, "does not begin as a PNG or JPEG file does");
    return bytes.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function decoding<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw damaged(file, `cannot be decoded: ${excerpt(why.split("\n")[0] ?? "", 200)}`, cause);
  }
}
