import { z } from "zod";
import { attackSchema } from "./attack.ts";
import { modelInterfaceSchema, resourcesSchema } from "./experiment.ts";
import { parameterValueSchema } from "./scalars.ts";
import { threatModelSchema } from "./threat-model.ts";

export const stageSchema = z.enum(["train", "test", "evaluate", "verify", "build", "pack"]);
export type Stage = z.infer<typeof stageSchema>;

/** The frozen samples of a test or an evaluation, in the order of every result file. */
export const sampleSetSchema = z.strictObject({
  split: z.string(),
  indexes: z.array(z.int().nonnegative()).describe("Indexes into the split."),
  hash: z.string().describe("SHA-256 over dataset hash, split and indexes."),
});
export type SampleSet = z.infer<typeof sampleSetSchema>;

const bytes = z.int().nonnegative().optional();

/** What was granted. Sizes are bytes: what is written here was parsed before. */
const jobResourcesSchema = resourcesSchema.extend({
  memory: bytes.describe("Memory limit, bytes."),
  shm: bytes.describe("Shared memory, bytes."),
});

/** `job.json` in the run folder: all a program is told about its job. */
export const jobFileSchema = z.strictObject({
  schema: z.literal(1),
  job: z.string().describe("The job's id."),
  attempt: z.int().positive().describe("1 for the first."),
  stage: stageSchema,
  run: z.string().optional().describe("The run that the job belongs to."),
  evaluation: z.string().optional().describe("The evaluation that the job belongs to."),
  parameters: z.record(z.string(), parameterValueSchema).describe("Every parameter's value."),
  seed: z.int().nonnegative(),
  resources: jobResourcesSchema,
  gpus: z.array(z.int().nonnegative()).describe("Indexes of the GPUs that this job may use."),
  model: modelInterfaceSchema.optional().describe("How the model is asked."),
  dataset: z
    .strictObject({ name: z.string(), hash: z.string() })
    .optional()
    .describe("What stands in in/dataset/."),
  samples: sampleSetSchema
    .optional()
    .describe("The frozen samples, in the order of every result file."),
  attack: attackSchema.optional().describe("The attack in in/attack/."),
  threat_model: threatModelSchema.optional(),
});
export type JobFile = z.infer<typeof jobFileSchema>;
