import type { NpyDtype } from "../../../shared/npy.ts";
import type { Dataset } from "../../../shared/schemas/dataset.ts";

/** The layouts that are recognised; what is told of a dataset that was added. */
export type SourceFormat =
  | "image folder"
  | "Tiny ImageNet"
  | "labelled images"
  | "NumPy arrays"
  | "CIFAR-10"
  | "CIFAR-100"
  | "IDX";

/** Some of a source's samples, which the source itself keeps apart from others. */
export type Part = {
  /** What the source says they are for; null: it does not say. */
  split: "train" | "val" | "test" | null;
  /** By sample: an index into the classes. */
  labels: readonly number[];
  /** The values of each sample in turn, in C order as `shape` and `dtype` say. Can be asked again. */
  rows(): AsyncIterable<Uint8Array>;
};

/** What stands in a researcher's folder or file, read sample by sample. */
export type Source = {
  format: SourceFormat;
  classes: string[];
  /** One sample: without the batch axis. */
  input: Dataset["input"];
  dtype: Extract<NpyDtype, "|u1" | "<f4">;
  parts: Part[];
  /** What a person should know of how it was read, as sentences. */
  notes: string[];
};

/** How a person wants images read. */
export type ReadOptions = {
  /** Height and width that all images are brought to, pixels; null: as they are. */
  size: readonly [height: number, width: number] | null;
};

/** Samples of one dataset; more is an accident or an attack. */
export const mostSamples = 20_000_000;

/** Classes of one dataset: ImageNet-21k has 21,841. */
export const mostClasses = 100_000;

/** Bytes of one sample. */
export const largestSample = 256 * 1024 * 1024;
