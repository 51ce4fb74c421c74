import { z } from "zod";

export const normSchema = z.enum(["l0", "l1", "l2", "linf"]);
export type Norm = z.infer<typeof normSchema>;

/** The closed interval that every pixel of a sample lies in. */
export const boundsSchema = z
  .tuple([z.number(), z.number()])
  .refine(([low, high]) => low < high, "the lower bound must be less than the upper bound");

/**
 * What an attack may do and how its success is measured. Either `minimal` (the smallest
 * perturbation counts) or a fixed `epsilon`.
 */
export const threatModelSchema = z
  .strictObject({
    norm: normSchema.default("l2").describe("How the size of a perturbation is measured."),
    minimal: z
      .boolean()
      .default(true)
      .describe("True: the smallest perturbation counts. False: success within epsilon does."),
    epsilon: z
      .number()
      .positive()
      .optional()
      .describe("Largest perturbation, with minimal: false."),
    bounds: boundsSchema.default([0, 1]).describe("The interval that every pixel lies in."),
    targeted: z.boolean().default(false).describe("Whether a chosen wrong class must be reached."),
    queries: z
      .int()
      .positive()
      .optional()
      .describe("Forward plus backward passes allowed per sample. Default: no limit."),
  })
  .refine((threat) => threat.minimal !== (threat.epsilon !== undefined), {
    path: ["epsilon"],
    message: "give either minimal: true, or minimal: false with an epsilon",
  });
export type ThreatModel = z.infer<typeof threatModelSchema>;
