/** A group of samples before its attack: rows, clean predictions, and who is attacked. */
import type { Attack } from "../../shared/schemas/attack.ts";
import type { Model } from "../model/model.ts";
import { crossEntropyGradient, predictionOf } from "../model/predictions.ts";
import type { Samples } from "../samples.ts";
import type { CleanSample } from "./records.ts";

/** Below this a gradient is none (robustness flag R5). */
const zeroGradient = 1e-10;

export type Group = {
  /** Positions in the sample set, `to` excluded. */
  from: number;
  to: number;
  samples: CleanSample[];
  /** The group's rows of adversarial.npy: clean until an adversarial takes its place. */
  rows: Float32Array;
  /** Positions of the samples that the model classifies correctly. */
  attacked: number[];
  /** Their clean rows and labels. */
  x: Float32Array;
  labels: Int32Array;
  /** Per attacked sample: whether the loss has no gradient there; null where nobody may ask. */
  gradZero: (boolean | null)[];
};

export type GroupSetting = { model: Model; samples: Samples; attack: Attack; seeds: number[] };

/** Reads a group and asks the model about it; these calls are ours and charged to nobody. */
export async function prepareGroup(
  { model, samples, attack, seeds }: GroupSetting,
  from: number,
  to: number,
): Promise<Group> {
  const { classes } = model;
  const rows = await samples.readRows(from, to - from);
  const allLogits = await model.logits(rows, to - from);
  const cleanSamples = Array.from({ length: to - from }, (_, i): CleanSample => {
    const label = samples.labels[from + i] ?? -1;
    return {
      sample: samples.ids[from + i] ?? "",
      index: samples.indexes[from + i] ?? 0,
      label,
      seed: seeds[from + i] ?? 0,
      reproducible: attack.reproducible,
      clean: predictionOf(allLogits, i, classes, label),
    };
  });
  const attacked = cleanSamples.flatMap(({ clean, label }, i) =>
    clean.pred === label ? [from + i] : [],
  );
  const offsets = attacked.map((position) => position - from);
  const x = selectRows(rows, offsets, samples.size);
  const labels = Int32Array.from(attacked, (position) => samples.labels[position] ?? -1);
  const logits = selectRows(allLogits, offsets, classes);
  const gradZero =
    attack.access === "white-box" && model.vjp && attacked.length > 0
      ? await zeroGradients(model.vjp, x, crossEntropyGradient(logits, labels, classes), labels)
      : attacked.map(() => null);
  return { from, to, samples: cleanSamples, rows, attacked, x, labels, gradZero };
}

async function zeroGradients(
  vjp: NonNullable<Model["vjp"]>,
  x: Float32Array,
  d: Float32Array,
  labels: Int32Array,
): Promise<boolean[]> {
  const gradient = await vjp(x, d, labels.length);
  const size = x.length / labels.length;
  return Array.from(labels, (_, i) => {
    const row = gradient.subarray(i * size, (i + 1) * size);
    return row.reduce((sum, value) => sum + Math.abs(value), 0) < zeroGradient;
  });
}

function selectRows(values: Float32Array, rows: number[], size: number): Float32Array {
  const selected = new Float32Array(rows.length * size);
  rows.forEach((row, i) => selected.set(values.subarray(row * size, (row + 1) * size), i * size));
  return selected;
}
