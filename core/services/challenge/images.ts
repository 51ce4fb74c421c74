/** The images of a challenge: a folder with `labels.yml`, as `datasets add` reads it too. */
import { extname, join } from "node:path";
import { decodeNpy, NpyError } from "../../../shared/npy.ts";
import { excerpt } from "../../../shared/visible.ts";
import { openRegularFile } from "../../platform/regular-file.ts";
import { imageSource } from "../packing/image-files.ts";
import { readLabelList } from "../packing/labelled-images.ts";
import { fileNameFrom, listFolder } from "../packing/listing.ts";
import { damaged, unusable } from "../packing/problems.ts";
import type { ByteImage } from "./protocol.ts";

/** Images of one challenge, and their bytes together: all stay in memory, and each is attacked by itself. */
const mostImages = 10_000;
const mostBytes = 1024 * 1024 * 1024;
/** Bytes of one image: 4,000 x 4,000 pixels. */
const largestImage = 48 * 1024 * 1024;
/** Bytes of a .npy file before its pixels. */
const headerRoom = 64 * 1024;
const colours = 3;

export type ChallengeImage = ByteImage & {
  /** Its file's name without the ending. Results have this name. */
  name: string;
  /** Its class. */
  label: number;
  /** The class that a targeted attack is to reach; null otherwise. */
  target: number | null;
};

/**
 * Reads the images that `labels.yml` names, by name: PNG and JPEG files as RGB, `.npy` files as uint8
 * of shape (rows, columns, 3). For targeted attacks `targets.yml` names a class for each of them.
 * @throws GauntletError DATASET_SOURCE_DAMAGED, which names the file, and DATASET_INVALID
 */
export async function readChallengeImages(
  folder: string,
  targeted: boolean,
): Promise<ChallengeImage[]> {
  const labels = await readClasses(folder, "labels");
  const targets = targeted ? await readClasses(folder, "targets") : null;
  const at = await imageFiles(folder);
  if (labels.size === 0) throw unusable("labels.yml names no image.", layoutHint);
  if (labels.size > mostImages)
    throw unusable(
      `labels.yml names ${labels.size} images; at most ${mostImages} are attacked at a time.`,
      "Attack a part of them.",
    );
  const images: ChallengeImage[] = [];
  const names = new Set<string>();
  let bytes = 0;
  for (const [fileName, label] of labels) {
    const file = at.get(fileNameFrom(fileName, join(folder, "labels.yml")));
    if (file === undefined)
      throw damaged(
        join(folder, "labels.yml"),
        `names ${excerpt(fileName, 100)}, which is not there`,
      );
    const target = targets?.get(fileName) ?? null;
    if (targets && (target === null || target === label))
      throw damaged(
        join(folder, "targets.yml"),
        `gives ${excerpt(fileName, 100)} no class other than its own`,
      );
    const name = fileName.slice(0, fileName.length - extname(fileName).length);
    if (names.has(name)) throw unusable(`Two images are named ${excerpt(name, 100)}.`, layoutHint);
    names.add(name);
    const image = extname(fileName) === ".npy" ? await readArray(file) : await readImage(file);
    bytes += image.data.length;
    if (bytes > mostBytes)
      throw unusable(
        `The images have more than ${mostBytes} bytes together.`,
        "Attack a part of them.",
      );
    images.push({ ...image, name, label, target });
  }
  return images;
}

const layoutHint = "docs/guide/challenge-2018.md shows the layout.";

/** What a list gives each file's name: a class by its number, for that is what models answer. */
async function readClasses(folder: string, list: string): Promise<Map<string, number>> {
  const { files } = await listFolder(folder).catch(() => ({ files: [] as string[] }));
  const name = files.find((file) => file === `${list}.yml` || file === `${list}.yaml`);
  if (name === undefined)
    throw unusable(`${excerpt(folder, 300)} holds no ${list}.yml.`, layoutHint);
  const path = join(folder, name);
  const entries = (await readLabelList(path)).map(([file, label]): [string, number] => {
    if (typeof label !== "number" || !Number.isInteger(label) || label < 0 || label >= 2 ** 31)
      throw damaged(path, `gives ${excerpt(file, 100)} something else than the number of a class`);
    return [file, label];
  });
  return new Map(entries);
}

/** Paths by name of what lies in the folder, or in `images/` of it. Links are left out. */
async function imageFiles(folder: string): Promise<Map<string, string>> {
  const { files, folders } = await listFolder(folder);
  const inside = folders.includes("images") ? await listFolder(join(folder, "images")) : null;
  return new Map([
    ...files.map((name) => [name, join(folder, name)] as const),
    ...(inside?.files ?? []).map((name) => [name, join(folder, "images", name)] as const),
  ]);
}

/** A PNG or JPEG file, with the values of a pixel side by side. */
async function readImage(file: string): Promise<ByteImage> {
  const { input, parts } = await imageSource(
    { format: "labelled images", classes: [], notes: [] },
    [{ split: null, files: [file], labels: [0] }],
    { size: null },
  );
  const [channels = 0, height = 0, width = 0] = input.shape;
  const pixels = height * width;
  if (pixels * colours > largestImage) throw damaged(file, tooLarge);
  const data = new Uint8Array(pixels * colours);
  for await (const planes of parts[0]?.rows() ?? [])
    for (let pixel = 0; pixel < pixels; pixel++)
      for (let colour = 0; colour < colours; colour++)
        // A grey image has one plane for all three.
        data[pixel * colours + colour] =
          planes[Math.min(colour, channels - 1) * pixels + pixel] ?? 0;
  return { shape: [height, width, colours], data };
}

const tooLarge = `has more than ${largestImage} bytes of pixels`;

async function readArray(file: string): Promise<ByteImage> {
  const handle = await openRegularFile(file);
  if (!handle) throw damaged(file, "is not there");
  try {
    if ((await handle.stat()).size > largestImage + headerRoom) throw damaged(file, tooLarge);
    const { dtype, shape, data } = decodeNpy(await handle.readFile());
    if (dtype !== "|u1" || shape.length !== 3 || shape[2] !== colours || data.length === 0)
      throw damaged(file, "is no image of uint8 with the axes rows, columns and 3 colours");
    return { shape, data };
  } catch (error) {
    if (error instanceof NpyError) throw damaged(file, `is no array: ${error.message}`, error);
    throw error;
  } finally {
    await handle.close();
  }
}
