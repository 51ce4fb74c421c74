import { damaged } from "./problems.ts";
import { mostClasses } from "./source.ts";

/**
 * Names of classes that are only numbered: "0" to the largest label.
 * @param parts labels by file
 * @throws GauntletError DATASET_SOURCE_DAMAGED, which names the file, for a label that is none
 */
export function numberedClasses(
  parts: readonly { file: string; labels: readonly number[] }[],
): string[] {
  let largest = 0;
  for (const { file, labels } of parts)
    for (const [index, label] of labels.entries()) {
      if (!Number.isInteger(label) || label < 0 || label >= mostClasses)
        throw damaged(file, `has ${label} as label of sample ${index}, not a class from 0 on`);
      if (label > largest) largest = label;
    }
  return Array.from({ length: largest + 1 }, (_, label) => String(label));
}
