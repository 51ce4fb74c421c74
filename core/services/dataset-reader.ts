import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { GauntletError } from "../../shared/errors.ts";
import { decodeNpy } from "../../shared/npy.ts";
import type { SampleSet } from "../../shared/schemas/run-folder.ts";
import type { CatalogDataset } from "../catalog/datasets.ts";
import { chooseSampleSet } from "../domain/sample-set.ts";

/** The seed that freezes which samples a count means; changing it would change every score. */
const sampleSeed = 2018;

/** Reads what the core itself needs of packed datasets: labels, and samples frozen by them. */
export function createDatasetReader() {
  const labels = new Map<string, readonly number[]>();

  /** Labels of a split in order. Throws DATASET_INVALID and DATASET_CHANGED. */
  function labelsOf(dataset: CatalogDataset, split: string): readonly number[] {
    const key = `${dataset.hash} ${split}`;
    const known = labels.get(key);
    if (known) return known;
    const files = dataset.manifest.splits[split];
    if (!files)
      throw new GauntletError("DATASET_INVALID", `${dataset.name} has no split named ${split}.`);
    let read: number[];
    try {
      read = Array.from(decodeNpy(readFileSync(join(dataset.folder, files.labels))).data, Number);
    } catch (cause) {
      throw new GauntletError(
        "DATASET_CHANGED",
        `The labels of ${dataset.name} cannot be read from ${dataset.folder}.`,
        { cause },
      );
    }
    labels.set(key, read);
    return read;
  }

  return {
    labelsOf,
    /** The stratified samples that `count` means for a split, the same ones for ever. */
    sampleSet(dataset: CatalogDataset, split: string, count: number): SampleSet {
      const indexes = chooseSampleSet(labelsOf(dataset, split), count, sampleSeed);
      const text = JSON.stringify([dataset.hash, split, indexes]);
      return { split, indexes, hash: createHash("sha256").update(text).digest("hex") };
    },
  };
}
