/**
 * The one contract between the core and whoever uses it: windows, browsers, the command line.
 * Inputs and outputs are checked by the core.
 */
import { oc } from "@orpc/contract";
import { z } from "zod";
import { errorCodes, type ErrorCode } from "./errors.ts";
import { modelInputSchema } from "./schemas/experiment.ts";
import { stageSchema } from "./schemas/run-folder.ts";
import { parameterValueSchema } from "./schemas/scalars.ts";
import { normSchema } from "./schemas/threat-model.ts";
import {
  attackSetViewSchema,
  attackViewSchema,
  checkViewSchema,
  datasetViewSchema,
  deletionSchema,
  fillSchema,
  leaderboardViewSchema,
  logPageSchema,
  modelDetailSchema,
  modelViewSchema,
  progressSchema,
  robustnessCurveSchema,
  robustnessMatrixSchema,
  runDetailSchema,
  runViewSchema,
} from "./views.ts";

const errorDataSchema = z.object({
  code: z.custom<ErrorCode>((code) => typeof code === "string" && code in errorCodes),
  message: z.string(),
  details: z.string().nullable(),
  hint: z.string(),
  retryable: z.boolean(),
});

/** Every expected failure crosses as one typed error whose data is an ErrorData. */
const base = oc.errors({ GAUNTLET: { status: 422, data: errorDataSchema } });

const name = z.string().min(1).max(300);
const folder = z.string().min(1).max(4096);
const attacks = z.union([z.string(), z.array(z.string()).min(1)]);
const nothing = z.object({});
/** Null: the threat model that most evaluations are under. */
const threatModelId = z.string().nullable().default(null);
const epsilons = z.array(z.number().nonnegative()).max(1000);
/** Only samples of these classes count; none named: all. */
const classes = z.array(z.int().nonnegative()).max(1000).default([]);

export const contract = {
  system: {
    info: base
      .input(nothing)
      .output(z.object({ version: z.string(), pid: z.int(), data: z.string() })),
    doctor: base.input(nothing).output(z.array(checkViewSchema)),
  },
  runs: {
    submit: base
      .input(
        z.object({
          folder,
          parameters: z.record(z.string(), parameterValueSchema).default({}),
          seed: z.int().nonnegative().default(0),
          evaluate: z.boolean().default(true),
        }),
      )
      .output(z.object({ run: z.string() })),
    list: base
      .input(
        z.object({
          state: runViewSchema.shape.state.nullable().default(null),
          experiment: z.string().nullable().default(null),
          limit: z.int().min(1).max(1000).default(50),
          offset: z.int().nonnegative().default(0),
        }),
      )
      .output(z.object({ total: z.int(), runs: z.array(runViewSchema) })),
    get: base.input(z.object({ run: name })).output(runDetailSchema),
    log: base
      .input(
        z.object({
          /** A run, or an evaluation by id. */
          run: name,
          stage: stageSchema.nullable().default(null),
          offset: z.int().nonnegative().default(0),
        }),
      )
      .output(logPageSchema),
    stop: base
      .input(z.object({ run: name }))
      .output(z.object({ run: z.string(), name: z.string(), stopped: z.int() })),
    delete: base
      .input(z.object({ runs: z.array(name).min(1), dryRun: z.boolean() }))
      .output(deletionSchema),
  },
  sweeps: {
    submit: base
      .input(
        z.object({
          folder,
          evaluate: z.boolean().default(true),
          again: z.boolean().default(false),
        }),
      )
      .output(
        z.object({
          sweep: z.string(),
          runs: z.array(z.string()),
          reused: z.array(z.string()),
        }),
      ),
  },
  work: {
    /** How far the given runs, with what follows from them, and evaluations are. */
    progress: base
      .input(z.object({ runs: z.array(z.string()), evaluations: z.array(z.string()) }))
      .output(progressSchema),
    /** Lets queued jobs start, and says what is unfinished. */
    resume: base
      .input(nothing)
      .output(z.object({ runs: z.array(z.string()), evaluations: z.array(z.string()) })),
  },
  evaluations: {
    fill: base
      .input(
        z.object({
          models: z.array(name).default([]),
          attacks: attacks.default("active"),
          samples: z.int().positive().nullable().default(null),
          dryRun: z.boolean().default(false),
        }),
      )
      .output(fillSchema),
  },
  models: {
    list: base.input(nothing).output(z.array(modelViewSchema)),
    get: base.input(z.object({ model: name })).output(modelDetailSchema),
    import: base
      .input(
        z.object({
          file: folder,
          load: z.string(),
          name: z
            .string()
            .regex(/^[^\p{C}]{1,100}$/u)
            .nullable()
            .default(null),
          dataset: z.string(),
          input: modelInputSchema.nullable().default(null),
        }),
      )
      .output(modelViewSchema),
  },
  attacks: {
    list: base.input(nothing).output(z.array(attackViewSchema)),
    add: base.input(z.object({ folder })).output(z.array(attackViewSchema)),
    sets: base.input(nothing).output(z.array(attackSetViewSchema)),
    saveSet: base
      .input(
        z.object({
          name,
          date: z.iso.date(),
          attacks: z.array(z.string()).min(1),
          activate: z.boolean().default(false),
        }),
      )
      .output(attackSetViewSchema),
    activate: base.input(z.object({ set: name })).output(attackSetViewSchema),
  },
  datasets: {
    list: base.input(nothing).output(z.array(datasetViewSchema)),
    add: base.input(z.object({ folder })).output(datasetViewSchema),
  },
  leaderboard: {
    get: base
      .input(
        z.object({
          set: z.string().default("active"),
          threatModel: threatModelId,
          epsilons: epsilons.default([]),
          classes,
        }),
      )
      .output(leaderboardViewSchema),
  },
  robustness: {
    /** Robust accuracy against epsilon, under the worst case over a set or a list of attacks. */
    curve: base
      .input(
        z.object({
          models: z.array(name).min(1).max(200),
          attacks: attacks.default("active"),
          threatModel: threatModelId,
          epsilons: z.union([z.literal("auto"), epsilons]).default("auto"),
          norm: normSchema.nullable().default(null),
          classes,
        }),
      )
      .output(robustnessCurveSchema),
    /** The state of every cell of models by attacks. */
    matrix: base
      .input(z.object({ attacks: attacks.default("active"), threatModel: threatModelId }))
      .output(robustnessMatrixSchema),
  },
};
