import { z } from "zod";
import {
  commandSchema,
  durationSchema,
  entryPointSchema,
  nameSchema,
  parameterValueSchema,
  sizeSchema,
} from "./scalars.ts";
import { mostSecrets, secretNameSchema, secretsSchema, secretUses, variableOf } from "./secrets.ts";
import { boundsSchema, threatModelSchema } from "./threat-model.ts";

const hour = 3_600_000;

const scaleSchema = z
  .enum(["linear", "log"])
  .default("linear")
  .describe("How values are spread between min and max.");

export const parameterSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("float"),
    default: z.number(),
    min: z.number().optional(),
    max: z.number().optional(),
    scale: scaleSchema,
  }),
  z.strictObject({
    type: z.literal("integer"),
    default: z.int(),
    min: z.int().optional(),
    max: z.int().optional(),
    scale: scaleSchema,
  }),
  z.strictObject({
    type: z.literal("choice"),
    values: z.array(z.union([z.string(), z.number()])).min(1),
    default: z.union([z.string(), z.number()]),
  }),
  z.strictObject({ type: z.literal("boolean"), default: z.boolean() }),
  z.strictObject({ type: z.literal("text"), default: z.string() }),
]);
export type Parameter = z.infer<typeof parameterSchema>;

/** What a job needs. `gpus` and `cpus` are slots; memory is enforced where the runner can. */
export const resourcesSchema = z.strictObject({
  gpus: z.int().nonnegative().default(0).describe("GPU slots."),
  gpu_share: z
    .number()
    .min(0.01, "at least 0.01")
    .lt(1, "less than 1: a whole GPU is gpus: 1 alone")
    .optional()
    .describe(
      "Share of one GPU, such as 0.25. Jobs that give one run side by side on a GPU, up to the whole; " +
        "other jobs never join them. Default: a GPU alone.",
    ),
  cpus: z.int().positive().default(1).describe("CPU slots."),
  memory: sizeSchema.optional().describe("Memory limit, such as 16GiB. Default: none."),
  shm: sizeSchema.optional().describe("Shared memory in containers, such as 8GiB."),
});
export type Resources = z.infer<typeof resourcesSchema>;

/** What every stage may say about its limits; times are milliseconds once parsed. */
const stageLimits = {
  resources: resourcesSchema
    .refine(({ gpus, gpu_share }) => gpu_share === undefined || gpus === 1, {
      path: ["gpu_share"],
      message: "gpu_share is of one GPU: give gpus: 1 with it",
    })
    .default({ gpus: 0, cpus: 1 })
    .describe("What the job needs."),
  time_limit: durationSchema
    .default(24 * hour)
    .describe("Longest time the job may take, such as 6h. Default: 24h."),
  silence_limit: durationSchema
    .default(hour / 2)
    .describe(
      "Longest time without a line of log or a metric before the job counts as hung. Default: 30m.",
    ),
  retries: z
    .int()
    .min(0)
    .max(20)
    .default(0)
    .describe("How often a failed job is tried again. Failures that cannot change are not."),
};

const trainSchema = z.strictObject({
  command: commandSchema.describe(
    "The program and its arguments, as a list. {name} is replaced by a parameter or the seed.",
  ),
  ...stageLimits,
  checkpoint: z
    .string()
    .regex(/^out\/(?!.*\.\.)[^\0]+$/, "a path inside out/, such as out/checkpoint")
    .optional()
    .describe("Kept while the job runs; the next attempt finds it in in/resume/."),
});

const testSchema = z.strictObject({
  command: commandSchema.describe("Runs right after the training, with the model in in/model/."),
  ...stageLimits,
  samples: z.int().positive().default(500).describe("Samples of the test split."),
});

export const modelInputSchema = z.strictObject({
  shape: z
    .array(z.int().positive())
    .min(1)
    .max(4)
    .describe("One sample's shape, without the batch axis, such as [3, 64, 64]."),
  layout: z
    .enum(["NCHW", "NHWC", "NF"])
    .default("NCHW")
    .describe("Order of the axes: N samples, C channels, H height, W width, F features."),
  bounds: boundsSchema.default([0, 1]),
});

/** How anyone may ask the model: a function that loads it, or a command that serves it. */
export const modelInterfaceSchema = z
  .strictObject({
    load: entryPointSchema
      .optional()
      .describe(
        "FILE:FUNCTION that loads the model and returns its logits, such as model.py:load.",
      ),
    serve: commandSchema
      .optional()
      .describe("A command that answers for the model over HTTP on the port {port}."),
    input: modelInputSchema.describe("What the model takes."),
  })
  .refine((model) => (model.load === undefined) !== (model.serve === undefined), {
    path: ["load"],
    message: "give exactly one of load (FILE:FUNCTION) and serve (a command)",
  });
export type ModelInterface = z.infer<typeof modelInterfaceSchema>;

export const evaluateSchema = z.strictObject({
  attacks: z
    .union([z.string(), z.array(z.string()).min(1)])
    .default("active")
    .describe("active, a set's name, or a list of attacks as name or name@version."),
  samples: z
    .int()
    .positive()
    .default(100)
    .describe("Samples of the test split, stratified by class."),
  threat_model: threatModelSchema
    .default({ norm: "l2", minimal: true, bounds: [0, 1], targeted: false })
    .describe("What attacks may do and how their success is measured."),
  ...stageLimits,
});
export type EvaluatePlan = z.infer<typeof evaluateSchema>;

/** A sweep with more cells is a mistake: its runs could not even be listed. */
export const mostCells = 100_000;

const sweepSchema = z.strictObject({
  method: z
    .enum(["grid", "random", "sobol"])
    .default("grid")
    .describe(
      "How points are chosen. grid: every combination of the values. random: each point by itself. " +
        "sobol: points that fill the space evenly.",
    ),
  values: z
    .record(z.string(), z.array(parameterValueSchema).min(1))
    .default({})
    .describe(
      "Values by parameter. seed is always there and need not be declared; every point is run with " +
        "every seed.",
    ),
  samples: z
    .int()
    .positive()
    .max(mostCells)
    .optional()
    .describe("random and sobol: how many points. More of them leave the first ones as they were."),
  parameters: z
    .array(z.string())
    .min(1)
    .optional()
    .describe(
      "random and sobol: the parameters to draw, between min and max on their scale or out of their " +
        "choices; those under values are drawn out of these.",
    ),
  sampler_seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(0)
    .describe("random and sobol: another number gives other points."),
  objective: z
    .strictObject({ metric: z.string(), goal: z.enum(["maximize", "minimize"]) })
    .optional()
    .describe("What makes one point better than another."),
});
export type Sweep = z.infer<typeof sweepSchema>;

/** A path that stays in the folder. */
const insidePath = (example: string) =>
  z
    .string()
    .regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$))[^\0]+$/, `a path inside the folder, such as ${example}`);

const imageNameSchema = z
  .string()
  .regex(
    /^[a-z0-9][a-zA-Z0-9._/:@-]{0,254}$/,
    "an image's name, such as pytorch/pytorch:2.9.0 or NAME@sha256:...",
  );

const imageBuildSchema = z.strictObject({
  build: insidePath(".").describe("Folder of the build's context, in the experiment's folder."),
  dockerfile: insidePath("Dockerfile")
    .default("Dockerfile")
    .describe("Relative to that folder. Default: Dockerfile."),
  args: z
    .record(z.string(), z.string())
    .default({})
    .describe("Build arguments. They stay readable in the image: no place for secrets."),
  secrets: z
    .array(secretNameSchema)
    .min(1)
    .max(mostSecrets)
    .refine((names) => new Set(names).size === names.length, "name each secret once")
    .optional()
    .describe(
      "Secrets that steps may ask for with RUN --mount=type=secret,id=NAME; needs docker buildx.",
    ),
});

/** `gauntlet.yaml`: what an experiment is. Everything later stages need is in here. */
export const experimentSchema = z
  .strictObject({
    name: nameSchema.describe("The experiment's name."),
    description: z.string().optional(),
    image: z
      .union([imageNameSchema, imageBuildSchema])
      .optional()
      .describe("Container image, or { build: FOLDER }. Default: a process on this machine."),
    network: z
      .boolean()
      .default(true)
      .describe("Whether jobs in containers may use the network; false cuts it off."),
    env: z
      .record(
        z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "use letters, digits and '_'"),
        z.string(),
      )
      .default({})
      .describe(
        "Variables for train and test. They are kept in the catalog: no place for secrets.",
      ),
    secrets: secretsSchema
      .optional()
      .describe(
        "Secrets that train and test are given, by name: {} for a variable of that name, " +
          "{ env: VARIABLE }, or { file: NAME }. gauntlet secrets set NAME keeps the values.",
      ),
    dataset: nameSchema.optional().describe("Mounted read-only at in/dataset/."),
    parameters: z
      .record(
        z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "use letters, digits and '_'"),
        parameterSchema,
      )
      .default({})
      .describe("Named inputs that a run or a sweep may set."),
    train: trainSchema.describe("Makes the model: it writes to out/model/."),
    test: testSchema.optional().describe("Measures the model on a subset, right after training."),
    model: modelInterfaceSchema
      .optional()
      .describe("How anyone may ask the model: give exactly one of load and serve."),
    evaluate: evaluateSchema.optional().describe("The attacks that every model is sent through."),
    sweep: sweepSchema.optional().describe("Many runs at once."),
  })
  .superRefine((experiment, context) => {
    const issue = (path: (string | number)[], message: string) =>
      context.addIssue({ code: "custom", path, message });
    if (experiment.evaluate && !experiment.model)
      issue(["evaluate"], "evaluate needs model: it says how attacks may ask the model");
    if (experiment.evaluate && !experiment.dataset)
      issue(["evaluate"], "evaluate needs dataset: attacks start from its samples");
    const [taken, attacked] = [
      experiment.model?.input.bounds,
      experiment.evaluate?.threat_model.bounds,
    ];
    if (taken && attacked && String(taken) !== String(attacked))
      issue(
        ["evaluate", "threat_model", "bounds"],
        `the bounds must be those of model.input, [${taken.join(", ")}], not [${attacked.join(", ")}]`,
      );
    for (const use of secretUses(experiment.secrets))
      if (variableOf(use) in experiment.env)
        issue(["secrets", use.name], `${variableOf(use)} stands under env already`);
    if ("seed" in experiment.parameters)
      issue(["parameters", "seed"], "seed is always there and need not be declared");
    for (const [name, parameter] of Object.entries(experiment.parameters)) {
      if (parameter.type === "choice" && !parameter.values.includes(parameter.default))
        issue(["parameters", name, "default"], "the default must be one of the values");
      if (parameter.type !== "float" && parameter.type !== "integer") continue;
      const { min = -Infinity, max = Infinity, default: value } = parameter;
      if (value < min || value > max)
        issue(["parameters", name, "default"], `the default must lie in [${min}, ${max}]`);
    }
  });
export type Experiment = z.infer<typeof experimentSchema>;
