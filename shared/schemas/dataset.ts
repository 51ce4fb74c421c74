import { z } from "zod";
import { modelInputSchema } from "./experiment.ts";
import { nameSchema } from "./scalars.ts";

const fileName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*\.npy$/, "a .npy file beside dataset.json");

/**
 * `dataset.json` of a packed dataset. `images` is a C-order `.npy` of shape (N, ...input.shape),
 * uint8 (0..255 stands for the input's bounds) or float32 in the bounds; `labels` is uint8, int32
 * or int64 of shape (N). Sample `i` of split `test` has the id `test-000000i`.
 */
export const datasetSchema = z.strictObject({
  name: nameSchema,
  version: z.string(),
  description: z.string().optional(),
  licence: z.string().optional(),
  classes: z.array(z.string()).min(2),
  input: modelInputSchema,
  splits: z
    .record(
      nameSchema,
      z.strictObject({ images: fileName, labels: fileName, count: z.int().positive() }),
    )
    .refine((splits) => "test" in splits, "a dataset needs a split named test"),
});
export type Dataset = z.infer<typeof datasetSchema>;

/** The id of a sample: its split and its index, wide enough to sort as text. */
export function sampleId(split: string, index: number): string {
  return `${split}-${String(index).padStart(7, "0")}`;
}
