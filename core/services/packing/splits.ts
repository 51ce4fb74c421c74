import { chooseSampleSet } from "../../domain/sample-set.ts";
import { unusable } from "./problems.ts";
import type { Part } from "./source.ts";

/** Never change it: sample ids mean positions in the splits it makes. */
const splitSeed = 2018;

const defaultTestShare = 0.2;

/** A part and where its samples go: `splitOf` gives the split of each sample by its index. */
export type Placed = { part: Part; splits: string[]; splitOf(index: number): string };

/**
 * Decides which split every sample goes to. A source's own splits stand, with `val` as the test
 * split where it has no other; what has none is divided, stratified by class and by a fixed seed.
 * @param testShare share of the samples (over 0, under 1) that become the test split; null: 0.2 where
 *   the source has no test split
 * @param note told what was decided, as a sentence
 * @throws GauntletError DATASET_INVALID when there is a test split beside others and a share is asked
 *   for, and when there are too few samples to divide
 */
export function placeParts(
  parts: readonly Part[],
  testShare: number | null,
  note: (sentence: string) => void,
): Placed[] {
  const has = (split: Part["split"]) => parts.some((part) => part.split === split);
  if (testShare !== null && parts.length > 1 && has("test"))
    throw unusable("It has a test split of its own.", "Leave out --test-share.");
  if (testShare === null && has("test")) return parts.map((part) => whole(part, part.split));
  if (testShare === null && has("val")) {
    note("It has no test split: val is taken as test.");
    return parts.map((part) => whole(part, part.split === "val" ? "test" : part.split));
  }
  return parts.map((part) =>
    part.split === "val" && parts.length > 1
      ? whole(part, "val")
      : divided(part, testShare ?? defaultTestShare, note),
  );
}

function whole(part: Part, split: string | null): Placed {
  const name = split ?? "train";
  return { part, splits: [name], splitOf: () => name };
}

function divided(part: Part, share: number, note: (sentence: string) => void): Placed {
  const { labels } = part;
  if (labels.length < 2)
    throw unusable(
      "It has one sample, which cannot be divided into train and test.",
      "Add a folder named test.",
    );
  const count = Math.min(labels.length - 1, Math.max(1, Math.round(labels.length * share)));
  const isTest = new Uint8Array(labels.length);
  for (const index of chooseSampleSet(labels, count, splitSeed)) isTest[index] = 1;
  const percent = Number((share * 100).toPrecision(4));
  note(`${percent} % of each class were put aside as the test split, by a fixed seed.`);
  return {
    part,
    splits: ["train", "test"],
    splitOf: (index) => (isTest[index] === 1 ? "test" : "train"),
  };
}
