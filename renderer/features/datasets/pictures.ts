import type { DatasetPreview } from "../../../shared/dataset-preview.ts";

/** The pictures of a preview, unpacked once for all that are drawn of it. */
const unpacked = new WeakMap<DatasetPreview, string>();

/** One picture of a preview that has some, as a canvas draws it. */
export function pictureOf(preview: DatasetPreview, index: number): ImageData {
  const { width, height, base64 } = preview;
  const text = unpacked.get(preview) ?? atob(base64 ?? "");
  unpacked.set(preview, text);
  const image = new ImageData(width, height);
  const start = index * width * height * 3;
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let colour = 0; colour < 3; colour++)
      image.data[pixel * 4 + colour] = text.charCodeAt(start + pixel * 3 + colour);
    image.data[pixel * 4 + 3] = 255;
  }
  return image;
}
