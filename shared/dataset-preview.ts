import { z } from "zod";

/** Samples that one preview shows at most. */
export const mostPreviewed = 64;

/** Some samples of a split, to look at. */
export const datasetPreviewSchema = z.object({
  /** Samples of the split. */
  total: z.int(),
  /** Of each picture, pixels; 0 where samples are no pictures. */
  width: z.int(),
  height: z.int(),
  samples: z.array(z.object({ sample: z.string(), label: z.int(), name: z.string() })),
  /** Picture after picture: rows of pixels of red, green and blue bytes. Null: no pictures. */
  base64: z.string().nullable(),
});
export type DatasetPreview = z.infer<typeof datasetPreviewSchema>;
