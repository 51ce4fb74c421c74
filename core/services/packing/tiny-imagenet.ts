import { join } from "node:path";
import { excerpt } from "../../../shared/visible.ts";
import { type ImagePart, imageSource } from "./image-files.ts";
import {
  fileNameFrom,
  imagesBelow,
  linesOf,
  type Listing,
  listFolder,
  readText,
} from "./listing.ts";
import { damaged } from "./problems.ts";
import type { ReadOptions, Source } from "./source.ts";

const annotations = "val_annotations.txt";

/** Where the parts of Tiny ImageNet lie; null for what is not there. */
export type TinyImageNet = { root: string; train: string | null; val: string | null };

/**
 * Whether a folder is Tiny ImageNet's (wnids.txt beside train/ or val/), or its val/ by itself.
 * The test images that it comes with have no labels and are never read.
 */
export async function findTinyImageNet({
  folder,
  files,
  folders,
}: Listing): Promise<TinyImageNet | null> {
  if (files.includes(annotations)) return { root: join(folder, ".."), train: null, val: folder };
  const inVal = folders.includes("val") ? await listFolder(join(folder, "val")) : null;
  const val = inVal?.files.includes(annotations) ? inVal.folder : null;
  const inTrain = folders.includes("train") ? await listFolder(join(folder, "train")) : null;
  const first = inTrain?.folders[0];
  const isTrain =
    inTrain && first
      ? (await listFolder(join(inTrain.folder, first))).folders.includes("images")
      : false;
  const train = inTrain && isTrain ? inTrain.folder : null;
  if (val === null && (train === null || !files.includes("wnids.txt"))) return null;
  return { root: folder, train, val };
}

/**
 * Reads Tiny ImageNet: train/nXXXXXXXX/images/*.JPEG as the split train, and as the split test the
 * labelled images of val/. Classes are in the order of their WordNet ids, as torchvision's
 * ImageFolder numbers them, named by the first of the words in words.txt where that is there.
 * @throws GauntletError what imageSource throws; DATASET_SOURCE_DAMAGED for an annotation that names
 *   a file that is not there or leads out of val/images
 */
export async function readTinyImageNet(
  { root, train, val }: TinyImageNet,
  options: ReadOptions,
): Promise<Source> {
  const samples: { split: "train" | "test"; images: { file: string; id: string }[] }[] = [];
  if (train !== null) {
    const images = [];
    for (const id of (await listFolder(train)).folders)
      for (const file of (await imagesBelow(join(train, id))).images) images.push({ file, id });
    samples.push({ split: "train", images });
  }
  if (val !== null) samples.push({ split: "test", images: await readAnnotations(val) });
  const used = samples.flatMap(({ images }) => images.map(({ id }) => id));
  const ids = [...new Set([...(await idsIn(root)), ...used])].toSorted();
  const labelOf = new Map(ids.map((id, label) => [id, label]));
  const parts = samples.map(({ split, images }): ImagePart => ({
    split,
    files: images.map(({ file }) => file),
    labels: images.map(({ id }) => labelOf.get(id) ?? 0),
  }));
  return imageSource(
    { format: "Tiny ImageNet", classes: await classNames(root, ids), notes: [] },
    parts,
    options,
  );
}

/** Lines of `val_0.JPEG <tab> n03444034 <tab> box`, in order. */
async function readAnnotations(val: string): Promise<{ file: string; id: string }[]> {
  const list = join(val, annotations);
  const images = join(val, "images");
  const there = new Set((await listFolder(images)).files);
  return linesOf(await readText(list)).map((line, index) => {
    const [name = "", id = ""] = line.split("\t");
    fileNameFrom(name, list);
    if (!/^n\d{8}$/.test(id)) throw damaged(list, `has no WordNet id on line ${index + 1}`);
    if (!there.has(name)) throw damaged(list, `names ${excerpt(name)}, which is not in ${images}`);
    return { file: join(images, name), id };
  });
}

async function idsIn(root: string): Promise<string[]> {
  const text = await readOptional(root, "wnids.txt");
  return linesOf(text).filter((line) => /^n\d{8}$/.test(line));
}

/** Class names by WordNet id: `goldfish` for `goldfish, Carassius auratus`, unless two share it. */
async function classNames(root: string, ids: readonly string[]): Promise<string[]> {
  const words = new Map<string, string>();
  for (const line of linesOf(await readOptional(root, "words.txt"))) {
    const [id = "", text = ""] = line.split("\t");
    words.set(id, text.split(",")[0]?.trim() ?? "");
  }
  const names = ids.map((id) => words.get(id) || id);
  const shared = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  return names.map((name, index) => (shared.has(name) ? `${name} (${ids[index]})` : name));
}

async function readOptional(folder: string, name: string): Promise<string> {
  const { files } = await listFolder(folder);
  return files.includes(name) ? readText(join(folder, name)) : "";
}
