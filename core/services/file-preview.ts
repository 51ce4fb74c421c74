import { open } from "node:fs/promises";
import type { FilePreview } from "../../shared/attempt-files.ts";
import { GauntletError } from "../../shared/errors.ts";
import { formatBytes } from "../../shared/format.ts";
import type { CoreContext } from "./context.ts";
import { findRun } from "./runs.ts";

/** Most of a text that is shown, and of an image, bytes. */
const mostText = 256 * 1024;
const mostImage = 4 * 2 ** 20;

type ImageType = Extract<FilePreview, { kind: "image" }>["type"];

/** By what a file begins with: names are other people's words. */
const imageTypes: readonly [ImageType, (bytes: Buffer) => boolean][] = [
  ["image/png", (bytes) => bytes.toString("latin1", 0, 8) === "\x89PNG\r\n\x1a\n"],
  ["image/jpeg", (bytes) => bytes.toString("latin1", 0, 3) === "\xff\xd8\xff"],
  ["image/gif", (bytes) => /^GIF8[79]a/.test(bytes.toString("latin1", 0, 6))],
  [
    "image/webp",
    (bytes) =>
      bytes.toString("latin1", 0, 4) === "RIFF" && bytes.toString("latin1", 8, 12) === "WEBP",
  ],
];

/**
 * A file that an attempt of a run left, as text, as an image, or as why it cannot be shown.
 * Throws RUN_NOT_FOUND and FILE_NOT_FOUND.
 */
export async function previewFile(
  context: CoreContext,
  request: { run: string; sha256: string },
): Promise<FilePreview> {
  const { catalog, artifacts } = context;
  const run = findRun(context, request.run);
  const file = catalog.runs
    .attempts(run.id)
    .flatMap(({ id }) => catalog.runs.files(id))
    .find(({ sha256 }) => sha256 === request.sha256);
  if (!file)
    throw new GauntletError("FILE_NOT_FOUND", `${run.name} has no file with this content.`);
  const path = artifacts.pathOf(file.sha256);
  const shown = await beginningOf(path, Math.min(file.size, mostText));
  const image = imageTypes.find(([, isOne]) => isOne(shown));
  if (image && file.size > mostImage)
    return { kind: "other", reason: `An image of ${formatBytes(file.size)} is too large to show.` };
  if (image) {
    const whole = await beginningOf(path, file.size);
    return { kind: "image", type: image[0], base64: whole.toString("base64") };
  }
  if (shown.includes(0)) return { kind: "other", reason: "This is no text and no image." };
  return { kind: "text", text: shown.toString("utf8"), isWhole: file.size <= mostText };
}

async function beginningOf(path: string, length: number): Promise<Buffer> {
  const handle = await open(path, "r");
  try {
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await handle.read(buffer, 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
