/**
 * Packing a folder of JPEG files, and how fast 8 readers at a time get random samples: from the
 * packed file, and decoding the plain image files. Files come from memory after the first round, so
 * that what is compared is work, not disks. `--images FOLDER` packs a folder of one's own in the
 * place of 10,000 made ones; `--count` makes fewer, `--readers` and `--seconds` change the reading.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import sharp from "sharp";
import { uniformGenerator } from "../../core/domain/seed.ts";
import { runPacker } from "../../core/services/packing/run-packer.ts";
import { quantile, report } from "../support/benchmark.ts";

const { values: options } = parseArgs({
  options: {
    images: { type: "string" },
    count: { type: "string", default: "10000" },
    readers: { type: "string", default: "8" },
    seconds: { type: "string", default: "2" },
    rounds: { type: "string", default: "5" },
    json: { type: "boolean" },
  },
});
const side = 64;
const classes = 10;
const reader = fileURLToPath(new URL("../fixtures/read-samples.ts", import.meta.url));

/** Noise over a colour: as hard to decode as photographs of that size. */
async function makeImages(folder: string, count: number): Promise<void> {
  const random = uniformGenerator(7);
  for (let label = 0; label < classes; label++)
    mkdirSync(join(folder, `class-${label}`), { recursive: true });
  for (let index = 0; index < count; index++) {
    const base = Array.from({ length: 3 }, () => random() * 160);
    const pixels = Uint8Array.from(
      { length: side * side * 3 },
      (_, i) => (base[i % 3] ?? 0) + random() * 90,
    );
    const raw = { width: side, height: side, channels: 3 } as const;
    const jpeg = await sharp(pixels, { raw }).jpeg({ quality: 75 }).toBuffer();
    writeFileSync(join(folder, `class-${index % classes}`, `${index}.jpg`), jpeg);
  }
}

/** Samples a second of all readers together, who begin at the same time. */
async function readTogether(kind: "packed" | "files", path: string): Promise<number> {
  const seconds = Number(options.seconds);
  const children = Array.from({ length: Number(options.readers) }, (_, index) =>
    fork(reader, [kind, path, String(index), String(seconds * 1000)], { execArgv: [] }),
  );
  await Promise.all(children.map((child) => once(child, "message")));
  const answers = children.map(async (child) => {
    const [answer] = (await once(child, "message")) as [{ samples: number }];
    return answer.samples;
  });
  for (const child of children) child.send("go");
  const samples = (await Promise.all(answers)).reduce((sum, each) => sum + each, 0);
  return samples / seconds;
}

const folder = mkdtempSync(join(tmpdir(), "gauntlet-datasets-"));
try {
  const images = options.images ?? join(folder, "images");
  if (options.images === undefined) await makeImages(images, Number(options.count));
  const target = join(folder, "packed");
  const start = performance.now();
  const request = { path: images, folder: target, name: "bench", size: null, testShare: null };
  await runPacker(request, () => undefined);
  const spent = (performance.now() - start) / 1000;
  // Tiny ImageNet's validation part alone has no other split.
  const names = readdirSync(target);
  const packed = join(
    target,
    names.includes("train-images.npy") ? "train-images.npy" : "test-images.npy",
  );
  const bytes = statSync(packed).size;

  const inOrder = readdirSync(images, { recursive: true, encoding: "utf8", withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.jpe?g$/i.test(entry.name))
    .map((entry) => entry.parentPath);
  const plain = inOrder[0] ?? images;
  const rates: Record<"packed" | "files", number[]> = { packed: [], files: [] };
  // In turn, so that what else the machine does falls on both.
  for (let round = 0; round < Number(options.rounds); round++) {
    rates.packed.push(await readTogether("packed", packed));
    rates.files.push(await readTogether("files", plain));
  }
  const fromPacked = quantile(rates.packed, 0.5);
  const fromFiles = quantile(rates.files, 0.5);
  report("datasets", [
    { key: "packing_images_per_s", value: inOrder.length / spent, unit: "1/s" },
    { key: "packed_bytes", value: bytes, unit: "bytes" },
    { key: `packed_${options.readers}_readers_samples_per_s`, value: fromPacked, unit: "1/s" },
    { key: `files_${options.readers}_readers_samples_per_s`, value: fromFiles, unit: "1/s" },
    { key: "packed_to_files", value: fromPacked / fromFiles, unit: "times" },
  ]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
