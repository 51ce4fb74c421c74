/**
 * The one contract between the core and whoever uses it: windows, browsers, the command line.
 * Inputs and outputs are checked by the core.
 */
import { eventIterator, oc } from "@orpc/contract";
import { z } from "zod";
import { annotationChangeSchema, savedViewSchema } from "./annotations.ts";
import { filePreviewSchema, resourceUseSchema } from "./attempt-files.ts";
import {
  challengeInputSchema,
  challengeProgressSchema,
  challengeReportSchema,
} from "./challenge.ts";
import { datasetPreviewSchema, mostPreviewed } from "./dataset-preview.ts";
import { errorCodes, type ErrorCode } from "./errors.ts";
import { modelInputSchema } from "./schemas/experiment.ts";
import {
  metricChartInputSchema,
  metricChartSchema,
  metricSeriesSchema,
  sparklineSchema,
  sparklinesInputSchema,
} from "./metrics.ts";
import { eventBatchSchema, gpuReportSchema, overviewSchema, queueSchema } from "./overview.ts";
import { priorityRange } from "./priority.ts";
import { readinessSchema } from "./readiness.ts";
import { stageSchema } from "./schemas/run-folder.ts";
import {
  runFieldSchema,
  runsTableInputSchema,
  runsTableSchema,
  sqlInputSchema,
  sqlResultSchema,
} from "./runs-table.ts";
import { nameSchema, parameterValueSchema } from "./schemas/scalars.ts";
import { secretNameSchema, secretValueSchema, secretViewSchema } from "./schemas/secrets.ts";
import { templateSchema } from "./schemas/template.ts";
import { normSchema } from "./schemas/threat-model.ts";
import {
  addedDatasetSchema,
  attackSetViewSchema,
  attackViewSchema,
  checkViewSchema,
  codeDiffSchema,
  datasetCacheSchema,
  datasetViewSchema,
  deletionSchema,
  exportFormatSchema,
  exportRequestSchema,
  experimentFileSchema,
  fillSchema,
  leaderboardViewSchema,
  listedRunSchema,
  logPageSchema,
  modelDetailSchema,
  modelViewSchema,
  nameKindSchema,
  packingSchema,
  progressSchema,
  runComparisonSchema,
  robustnessCurveSchema,
  robustnessMatrixSchema,
  runDetailSchema,
  runViewSchema,
  sweepDetailSchema,
  sweepPreviewSchema,
  sweepResultSchema,
  sweepViewSchema,
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
/** Of an image, in pixels. */
const side = z.int().min(1).max(4096);
const attacks = z.union([z.string(), z.array(z.string()).min(1)]);
const nothing = z.object({});
/** Larger numbers start first. */
const priority = z.int().min(priorityRange.lowest).max(priorityRange.highest).default(0);

/** Which part of a list is asked for. */
function pageOf(limit: number) {
  return {
    limit: z.int().min(1).max(1000).default(limit),
    offset: z.int().nonnegative().default(0),
  };
}
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
    /** Queue, slots and machine at a glance. */
    overview: base.input(nothing).output(overviewSchema),
    /** Jobs that have not ended, at most `limit`. */
    queue: base
      .input(z.object({ limit: z.int().min(1).max(1000).default(200) }))
      .output(queueSchema),
    /** The GPUs of this machine and who uses them; asks their driver. */
    gpus: base.input(nothing).output(gpuReportSchema),
    doctor: base.input(nothing).output(z.array(checkViewSchema)),
    /** The part of it that jobs in containers rest on: Docker, its disk, how it gives GPUs. */
    docker: base.input(nothing).output(z.array(checkViewSchema)),
    /** Names that begin with `prefix`, for whoever types one. */
    names: base
      .input(
        z.object({
          kind: nameKindSchema,
          prefix: z.string().max(1000).default(""),
          limit: z.int().min(1).max(1000).default(100),
        }),
      )
      .output(z.array(z.string())),
  },
  secrets: {
    /** Names and dates. No call gives a value. */
    list: base.input(nothing).output(z.array(secretViewSchema)),
    set: base
      .input(z.object({ name: secretNameSchema, value: secretValueSchema }))
      .output(z.object({ name: z.string() })),
    remove: base.input(z.object({ name })).output(z.object({ name: z.string() })),
  },
  experiments: {
    /** Makes one from a template; nothing that is in the folder is touched. */
    make: base
      .input(z.object({ template: templateSchema, folder }))
      .output(z.object({ folder: z.string(), files: z.array(z.string()) })),
    /** What the gauntlet.yaml of a folder says, or what is wrong with it; nothing is noted. */
    read: base.input(z.object({ folder })).output(experimentFileSchema),
    /** Where a run of the folder would run, and what is missing before it can; nothing is noted. */
    readiness: base
      .input(
        z.object({
          folder,
          parameters: z.record(z.string(), parameterValueSchema).default({}),
          seed: z.int().nonnegative().default(0),
          evaluate: z.boolean().default(true),
        }),
      )
      .output(readinessSchema),
  },
  runs: {
    submit: base
      .input(
        z.object({
          folder,
          parameters: z.record(z.string(), parameterValueSchema).default({}),
          seed: z.int().nonnegative().default(0),
          evaluate: z.boolean().default(true),
          priority,
        }),
      )
      .output(z.object({ run: z.string() })),
    /** Once more with the code as it was then, and with other values where they are given. */
    rerun: base
      .input(
        z.object({
          run: name,
          parameters: z.record(z.string(), parameterValueSchema).default({}),
          seed: z.int().nonnegative().nullable().default(null),
          priority,
        }),
      )
      .output(z.object({ run: z.string() })),
    list: base
      .input(
        z.object({
          state: runViewSchema.shape.state.nullable().default(null),
          experiment: z.string().nullable().default(null),
          ...pageOf(50),
        }),
      )
      .output(z.object({ total: z.int(), runs: z.array(listedRunSchema) })),
    /** A page of the runs table: filtered, sorted, grouped. */
    table: base.input(runsTableInputSchema).output(runsTableSchema),
    /** All fields that a query, a sort or a column can name. */
    fields: base.input(nothing).output(z.array(runFieldSchema)),
    get: base.input(z.object({ run: name })).output(runDetailSchema),
    /** Values, results and environment of runs, side by side. */
    compare: base
      .input(z.object({ runs: z.array(name).min(1).max(100) }))
      .output(runComparisonSchema),
    /** How the code of the second run differs from that of the first. */
    diffCode: base.input(z.object({ a: name, b: name })).output(codeDiffSchema),
    /**
     * The log from `offset` of an attempt on, page by page as it grows; from the start of the newest
     * attempt where that is another one. Ends when the job has ended.
     */
    followLog: base
      .input(
        z.object({
          run: name,
          stage: stageSchema.nullable().default(null),
          /** Null: the newest. */
          attempt: z.int().positive().nullable().default(null),
          offset: z.int().nonnegative().default(0),
        }),
      )
      .output(eventIterator(logPageSchema)),
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
    /** CPU, memory and GPUs over time, attempt by attempt. */
    resources: base.input(z.object({ run: name })).output(resourceUseSchema),
    /** A file that an attempt left, by its content's hash, as far as it can be shown. */
    file: base
      .input(z.object({ run: name, sha256: z.string().regex(/^[0-9a-f]{64}$/) }))
      .output(filePreviewSchema),
    stop: base
      .input(z.object({ run: name }))
      .output(z.object({ run: z.string(), name: z.string(), stopped: z.int() })),
    delete: base
      .input(z.object({ runs: z.array(name).min(1), dryRun: z.boolean() }))
      .output(deletionSchema),
    /** Stars, notes and tags; gives the changes that take these back. */
    annotate: base
      .input(z.object({ changes: z.array(annotationChangeSchema).min(1).max(10_000) }))
      .output(z.object({ before: z.array(annotationChangeSchema) })),
  },
  /** Views of the runs table that are kept by name. */
  views: {
    list: base.input(nothing).output(z.array(savedViewSchema)),
    /** In the place of the one of this name, if there is one. */
    save: base.input(savedViewSchema).output(savedViewSchema),
    delete: base
      .input(z.object({ name: savedViewSchema.shape.name }))
      .output(z.object({ deleted: z.boolean() })),
  },
  events: {
    /** What happens after an event, as it happens; null: from now on. */
    watch: base
      .input(z.object({ afterSeq: z.int().nonnegative().nullable().default(null) }))
      .output(eventIterator(eventBatchSchema)),
  },
  metrics: {
    /** The series of all attempts of a run, the oldest attempt first. */
    series: base.input(z.object({ run: name })).output(z.array(metricSeriesSchema)),
    /** Windows of series, reduced to what can be drawn. */
    chart: base.input(metricChartInputSchema).output(z.array(metricChartSchema)),
    /** The course of one metric in many runs at once; runs that have none are left out. */
    sparklines: base.input(sparklinesInputSchema).output(z.array(sparklineSchema)),
  },
  demo: {
    /** Trains four models of real digits and sends them through five attacks. */
    start: base.input(nothing).output(sweepResultSchema),
  },
  /** One SELECT over the views of shared/sql-views.ts, on a connection that cannot write. */
  sql: base.input(sqlInputSchema).output(sqlResultSchema),
  /** Writes a table to a file of this machine, whole or not at all. */
  export: base
    .input(z.object({ table: exportRequestSchema, format: exportFormatSchema, file: folder }))
    .output(z.object({ file: z.string(), rows: z.int() })),
  sweeps: {
    /** What submitting would run, read from the folder alone. */
    describe: base.input(z.object({ folder })).output(sweepPreviewSchema),
    submit: base
      .input(
        z.object({
          folder,
          evaluate: z.boolean().default(true),
          again: z.boolean().default(false),
          separate: z.boolean().default(false),
          priority,
        }),
      )
      .output(sweepResultSchema),
    list: base
      .input(z.object(pageOf(100)))
      .output(z.object({ total: z.int(), sweeps: z.array(sweepViewSchema) })),
    get: base.input(z.object({ sweep: name, ...pageOf(1000) })).output(sweepDetailSchema),
    rerun: base
      .input(z.object({ sweep: name, all: z.boolean().default(false) }))
      .output(sweepResultSchema),
    stop: base
      .input(z.object({ sweep: name }))
      .output(z.object({ sweep: z.string(), name: z.string(), stopped: z.int(), shared: z.int() })),
    /** Runs stay unless `withRuns`, and then only those that another sweep has. */
    delete: base
      .input(z.object({ sweep: name, withRuns: z.boolean().default(false), dryRun: z.boolean() }))
      .output(deletionSchema),
    setPriority: base
      .input(z.object({ sweep: name, priority: priority.removeDefault() }))
      .output(sweepViewSchema),
  },
  work: {
    /**
     * How far the given runs, with what follows from them, and evaluations are. With `since` only
     * those are listed that changed after that event; counts are of all.
     */
    progress: base
      .input(
        z.object({
          runs: z.array(z.string()),
          evaluations: z.array(z.string()),
          since: z.int().nonnegative().nullable().default(null),
          /** What had a condition in an earlier answer: it is listed again whether or not it has. */
          troubled: z.array(z.string()).default([]),
        }),
      )
      .output(progressSchema),
    /** Lets queued jobs start, and says what is unfinished. */
    resume: base.input(nothing).output(
      z.object({
        runs: z.array(z.string()),
        evaluations: z.array(z.string()),
        /** Sweeps with cells to queue whose dataset cannot be used: names, and why, with what to do. */
        waiting: z.array(z.object({ sweep: z.string(), dataset: z.string(), why: z.string() })),
      }),
    ),
  },
  evaluations: {
    fill: base
      .input(
        z.object({
          models: z.array(name).default([]),
          attacks: attacks.default("active"),
          samples: z.int().positive().nullable().default(null),
          /** Another threat model: success within an epsilon, in the scale of its bounds. */
          fixed: z
            .object({ norm: normSchema, epsilon: z.number().positive() })
            .nullable()
            .default(null),
          again: z.boolean().default(false),
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
          /** Null: the date that the set has, today for a new one. */
          date: z.iso.date().nullable().default(null),
          attacks: z.array(z.string()).min(1),
          activate: z.boolean().default(false),
        }),
      )
      .output(attackSetViewSchema),
    activate: base.input(z.object({ set: name })).output(attackSetViewSchema),
  },
  challenge: {
    /** Answers once all is attacked; ended by ending the call. */
    run: base.input(challengeInputSchema).output(challengeReportSchema),
    progress: base.input(nothing).output(z.array(challengeProgressSchema)),
  },
  datasets: {
    list: base.input(nothing).output(z.array(datasetViewSchema)),
    add: base
      .input(
        z.object({
          /** What to add: a folder, or a file where that is a dataset by itself. */
          folder,
          /** Null: the name that it has, or that of the folder or file. */
          name: nameSchema.nullable().default(null),
          /** Height and width that images are brought to; null: as they are. */
          size: z.tuple([side, side]).nullable().default(null),
          /** Null: 0.2 where there is no test split. */
          testShare: z.number().gt(0).lt(1).nullable().default(null),
        }),
      )
      .output(addedDatasetSchema),
    cache: base.input(nothing).output(datasetCacheSchema),
    /** Sets what packed datasets may take, and makes room at once. */
    limit: base
      .input(z.object({ limit: z.int().nonnegative().nullable() }))
      .output(datasetCacheSchema),
    /** What is being added just now. */
    packing: base.input(nothing).output(z.array(packingSchema)),
    /** Samples to look at; other seeds choose others. */
    preview: base
      .input(
        z.object({
          hash: z.string().min(1).max(100),
          split: name.default("test"),
          count: z.int().min(1).max(mostPreviewed).default(mostPreviewed),
          seed: z.int().min(0).max(1_000_000).default(0),
        }),
      )
      .output(datasetPreviewSchema),
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
