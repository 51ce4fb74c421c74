import { z } from "zod";

export const outcomeSchema = z.enum([
  "fooled",
  "not-fooled",
  "misclassified",
  "budget-spent",
  "error",
]);
export type Outcome = z.infer<typeof outcomeSchema>;

const distance = z.number().nonnegative().nullable();
const count = z.int().nonnegative();

/**
 * A line of `out/samples.jsonl`, written by an evaluate job. Everything in it is a claim until a
 * verify job has asked the model itself. Distances are on the input's bounds; null where no
 * adversarial was found.
 */
export const sampleRecordSchema = z.object({
  sample: z.string().describe("The sample's id, such as test-0000123."),
  index: count.describe("Its index in the split."),
  label: z.int().describe("Its class in the dataset."),
  clean_pred: z.int().describe("What the model says of the clean sample."),
  clean_margin: z.number().nullable(),
  outcome: outcomeSchema,
  adv_pred: z.int().nullable().describe("What the model says of the adversarial."),
  adv_margin: z.number().nullable(),
  l0: distance.describe("Number of elements changed; null where no adversarial was found."),
  l1: distance,
  l2: distance,
  linf: distance,
  start_l2: distance.describe("Distance of the attack's starting point, where it has one."),
  forwards: count.describe("Forward passes spent on this sample."),
  backwards: count.describe("Backward passes spent on this sample."),
  queries_to_best: count
    .nullable()
    .describe("Queries spent when the best adversarial was first seen."),
  grad_zero: z
    .boolean()
    .nullable()
    .describe("True when the loss gradient at the clean sample was zero (gradient masking, R5)."),
  nonfinite: z.boolean().describe("True when the model answered NaN or infinity."),
  silent: z
    .boolean()
    .describe("True when the model saw a closer adversarial than the attack returned (R14)."),
  reproducible: z.boolean(),
  seed: count,
  ms: z.number().nonnegative().describe("Milliseconds spent on this sample."),
  error: z.string().optional().describe("Why the attack failed on this sample."),
});
export type SampleRecord = z.infer<typeof sampleRecordSchema>;

export const rejectionSchema = z.enum([
  "claimed-label-wrong",
  "clean-prediction-differs",
  "not-adversarial",
  "unstable-prediction",
  "out-of-bounds",
  "over-epsilon",
  "not-finite",
  "doubled",
  "malformed",
  "no-array",
]);
export type Rejection = z.infer<typeof rejectionSchema>;

/**
 * A line of a verify job's `out/verified.jsonl`: what the model itself says. `distance` fields are
 * float64 from the arrays. `verdict` is `verified`, `rejected` (with a reason), or `missing`
 * when the evaluation left no record of the sample.
 */
export const verifiedRecordSchema = z.strictObject({
  sample: z.string(),
  index: count,
  label: z.int(),
  clean_pred: z.int(),
  clean_margin: z.number(),
  outcome: outcomeSchema.nullable(),
  verdict: z.enum(["verified", "rejected", "missing"]),
  reason: rejectionSchema.nullable(),
  detail: z.string().nullable(),
  adv_pred: z.int().nullable(),
  adv_margin: z.number().nullable(),
  l0: distance,
  l1: distance,
  l2: distance,
  linf: distance,
  /** The largest distance in the evaluation's norm that any input within the bounds can have. */
  worst_case: z.number().nonnegative(),
  /** True when the attack claimed another distance (R13). */
  claim_mismatch: z.boolean(),
});
export type VerifiedRecord = z.infer<typeof verifiedRecordSchema>;
