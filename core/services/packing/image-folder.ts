import { join } from "node:path";
import { excerpt } from "../../../shared/visible.ts";
import { type ImagePart, imageSource } from "./image-files.ts";
import { imagesBelow, type Listing, listFolder } from "./listing.ts";
import { unusable } from "./problems.ts";
import { mostClasses, type ReadOptions, type Source } from "./source.ts";

/** How people name the folders of splits. */
const splitNames: ReadonlyMap<string, "train" | "val" | "test"> = new Map([
  ["train", "train"],
  ["training", "train"],
  ["val", "val"],
  ["valid", "val"],
  ["validation", "val"],
  ["test", "test"],
  ["testing", "test"],
]);

/**
 * Reads CLASS/IMAGE, or train|val|test/CLASS/IMAGE. The classes are the folders' names, sorted, as
 * torchvision's ImageFolder numbers them; images may lie deeper in a class's folder.
 * @throws GauntletError what imageSource throws; DATASET_INVALID when a class of one split is
 *   missing from train, and when there are no folders of classes
 */
export async function readImageFolder(listing: Listing, options: ReadOptions): Promise<Source> {
  const notes: string[] = [];
  const { folder, folders } = listing;
  const hasSplits = folders.length > 0 && folders.every((name) => splitNames.has(lower(name)));
  const roots = hasSplits
    ? folders.map((name) => ({ split: splitNames.get(lower(name)) ?? null, name }))
    : [{ split: null, name: "." }];
  const classes = new Set<string>();
  const found: { split: ImagePart["split"]; images: { file: string; name: string }[] }[] = [];
  let passedOver = 0;
  for (const { split, name: root } of roots) {
    const images: { file: string; name: string }[] = [];
    for (const name of (await listFolder(join(folder, root))).folders) {
      const below = await imagesBelow(join(folder, root, name));
      passedOver += below.others;
      if (below.images.length === 0) continue;
      classes.add(name);
      for (const file of below.images) images.push({ file, name });
    }
    // ImageNet's own test images have no classes, which makes a split without one sample.
    if (images.length > 0) found.push({ split, images });
    else if (split) notes.push(`${excerpt(root)} has no images in folders of classes.`);
  }
  if (found.length !== new Set(found.map(({ split }) => split)).size)
    throw unusable("Two of its folders name the same split.", "Keep one of them.");
  if (classes.size > mostClasses)
    throw unusable(`It has more than ${mostClasses} classes.`, "Give a folder for each class.");
  if (passedOver > 0) notes.push(`${passedOver} files that are no PNG or JPEG were passed over.`);
  const names = [...classes].toSorted();
  const labelOf = new Map(names.map((name, label) => [name, label]));
  return imageSource(
    { format: "image folder", classes: names, notes },
    found.map(({ split, images }) => ({
      split,
      files: images.map(({ file }) => file),
      labels: images.map(({ name }) => labelOf.get(name) ?? 0),
    })),
    options,
  );
}

function lower(name: string): string {
  return name.toLowerCase();
}
