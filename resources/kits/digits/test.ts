/**
 * Tests the model in in/model on the job's samples: writes test/accuracy to out/metrics.jsonl and
 * the accuracy of each class to out/summary.json.
 *
 *   GAUNTLET_RUN_DIR=... node test.ts
 */
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { classCount, predictedClass } from "./architecture.ts";
import { load } from "./model.ts";
import { environmentFolder, readDigits, readJob, runProgram, UserError } from "./run-folder.ts";

/** What out/summary.json holds. */
export interface TestSummary {
  /** Share of the samples that are classified correctly, 0..1. */
  accuracy: number;
  /** The same for each class; null for a class without samples. */
  per_class: (number | null)[];
  samples: number;
}

/** @throws UserError when the job names no samples, or one that is not there. */
export function test(runFolder: string): TestSummary {
  const { samples } = readJob(runFolder);
  if (!samples || samples.indexes.length === 0)
    throw new UserError("job.json names no samples to test on.");
  const digits = readDigits(runFolder, samples.split);
  const model = load(join(runFolder, "in", "model"));
  const correct = new Uint32Array(classCount);
  const total = new Uint32Array(classCount);
  const x = new Float32Array(digits.pixels);
  for (const index of samples.indexes) {
    if (index >= digits.count)
      throw new UserError(`Split ${samples.split} has no sample ${index}; it has ${digits.count}.`);
    for (let i = 0; i < x.length; i++) x[i] = digits.images[index * digits.pixels + i] / 255;
    const label = digits.labels[index];
    total[label] += 1;
    if (predictedClass(model.logits(x, 1)) === label) correct[label] += 1;
  }
  const summary = {
    accuracy: correct.reduce((sum, count) => sum + count) / samples.indexes.length,
    per_class: Array.from(total, (count, label) => (count === 0 ? null : correct[label] / count)),
    samples: samples.indexes.length,
  };
  const out = join(runFolder, "out");
  mkdirSync(out, { recursive: true });
  const line = JSON.stringify({ time: Date.now() / 1000, "test/accuracy": summary.accuracy });
  appendFileSync(join(out, "metrics.jsonl"), `${line}\n`);
  writeFileSync(join(out, "summary.json"), `${JSON.stringify(summary)}\n`);
  return summary;
}

if (import.meta.main)
  await runProgram(() => {
    const summary = test(environmentFolder("GAUNTLET_RUN_DIR", "the run folder"));
    console.log(`accuracy ${(100 * summary.accuracy).toFixed(2)} % of ${summary.samples} digits`);
    for (const [label, accuracy] of summary.per_class.entries())
      if (accuracy !== null) console.log(`  ${label}  ${(100 * accuracy).toFixed(1)} %`);
  });
