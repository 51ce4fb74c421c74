import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { uniformGenerator } from "../../core/domain/seed.ts";
import { encodeNpy } from "../../shared/npy.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export const toyShape = [1, 2, 3];
const size = 6;
const classes = 3;

/** A linear classifier's weights, a packed dataset that it labels itself, and both in folders. */
export function makeToy(samples: number): { dataset: string; weights: string } {
  const random = uniformGenerator(11);
  const weights = Array.from({ length: classes }, () =>
    Array.from({ length: size }, () => random() * 2 - 1),
  );
  const bias = weights.map((row) => -row.reduce((sum, w) => sum + w / 2, 0));
  const images = Float32Array.from({ length: samples * size }, () => 0.25 + random() / 2);
  const labels = Uint8Array.from({ length: samples }, (_, i) => {
    const logits = weights.map((row, k) =>
      row.reduce((sum, w, j) => sum + w * (images[i * size + j] ?? 0), bias[k] ?? 0),
    );
    return logits.indexOf(Math.max(...logits));
  });
  const dataset = join(temporaryFolder(), "toy");
  mkdirSync(dataset);
  writeFileSync(
    join(dataset, "dataset.json"),
    JSON.stringify({
      name: "toy",
      version: "1",
      classes: ["a", "b", "c"],
      input: { shape: toyShape, layout: "NCHW", bounds: [0, 1] },
      splits: { test: { images: "x.npy", labels: "y.npy", count: samples } },
    }),
  );
  const shape = [samples, ...toyShape];
  writeFileSync(join(dataset, "x.npy"), encodeNpy({ dtype: "<f4", shape, data: images }));
  writeFileSync(
    join(dataset, "y.npy"),
    encodeNpy({ dtype: "|u1", shape: [samples], data: labels }),
  );
  const checkpoint = join(temporaryFolder(), "weights.json");
  writeFileSync(checkpoint, JSON.stringify({ weights, bias }));
  return { dataset, weights: checkpoint };
}
