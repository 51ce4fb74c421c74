/** What the core tells its clients: the outputs of the contract. Times are ms since 1970. */
import { z } from "zod";
import { annotationSchema } from "./annotations.ts";
import { attackSchema } from "./schemas/attack.ts";
import { modelInterfaceSchema, parameterSchema } from "./schemas/experiment.ts";
import { stageSchema } from "./schemas/run-folder.ts";
import { parameterValueSchema, timestampSchema } from "./schemas/scalars.ts";
import { boundsSchema, normSchema } from "./schemas/threat-model.ts";

const time = timestampSchema;
const nullableTime = timestampSchema.nullable();
const parameters = z.record(z.string(), parameterValueSchema);
const jobState = z.enum([
  "queued",
  "starting",
  "running",
  "collecting",
  "succeeded",
  "failed",
  "cancelled",
]);

/** What has names that people type. */
export const nameKindSchema = z.enum([
  "runs",
  "models",
  "attacks",
  "sets",
  "sweeps",
  "datasets",
  "experiments",
]);
export type NameKind = z.infer<typeof nameKindSchema>;

export const runViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  experiment: z.string(),
  version: z.int(),
  sweep: z.string().nullable(),
  label: z.string(),
  parameters,
  seed: z.int(),
  state: z.enum(["queued", "running", "succeeded", "failed", "cancelled"]),
  reason: z.string().nullable(),
  /** Final values that the programs reported, such as accuracy. */
  summary: z.record(z.string(), z.unknown()),
  createdAt: time,
  startedAt: nullableTime,
  endedAt: nullableTime,
  ...annotationSchema.shape,
});
export type RunView = z.infer<typeof runViewSchema>;

/** A run with what holds it up without being a failure, such as an engine that does not answer. */
export const listedRunSchema = runViewSchema.extend({ condition: z.string().nullable() });
export type ListedRun = z.infer<typeof listedRunSchema>;

const problemSchema = z.object({
  file: z.string(),
  line: z.int(),
  column: z.int(),
  message: z.string(),
  offending: z.string(),
  suggestion: z.string().nullable(),
  /** The whole line as it stands in the file. */
  source: z.string(),
});

/** What a folder's gauntlet.yaml says, or everything that is wrong with it. */
export const experimentFileSchema = z.discriminatedUnion("valid", [
  z.object({
    valid: z.literal(true),
    /** Absolute. */
    folder: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    dataset: z.string().nullable(),
    parameters: z.record(z.string(), parameterSchema),
    /** What follows the training; null where the file has no such part. */
    test: z.object({ samples: z.int() }).nullable(),
    evaluate: z
      .object({ attacks: z.union([z.string(), z.array(z.string())]), samples: z.int() })
      .nullable(),
    sweep: z
      .object({
        method: z.enum(["grid", "random", "sobol"]),
        values: z.record(z.string(), z.array(parameterValueSchema)),
        /** Names of the parameters that are drawn. */
        parameters: z.array(z.string()),
        objective: z
          .object({ metric: z.string(), goal: z.enum(["maximize", "minimize"]) })
          .nullable(),
      })
      .nullable(),
  }),
  z.object({ valid: z.literal(false), folder: z.string(), problems: z.array(problemSchema) }),
]);
export type ExperimentFile = z.infer<typeof experimentFileSchema>;
export type ValidExperiment = Extract<ExperimentFile, { valid: true }>;
export type InvalidExperiment = Extract<ExperimentFile, { valid: false }>;

const sweepPointSchema = z.object({ label: z.string(), parameters, seed: z.int() });

export const sweepPreviewSchema = z.object({
  method: z.enum(["grid", "random", "sobol"]),
  points: z.int(),
  seeds: z.int(),
  cells: z.int(),
  /** Points left out because an earlier one is the same. */
  duplicates: z.int(),
  first: sweepPointSchema,
  last: sweepPointSchema,
  advice: z.string().nullable(),
});
export type SweepPreview = z.infer<typeof sweepPreviewSchema>;

/** The container that an attempt ran in; nulls where that is not known, or not yet. */
export const containerViewSchema = z.object({
  /** Its image, as it was asked for or, of one that was built, as it is named in the engine. */
  image: z.string(),
  /** What the name meant when the attempt began, `sha256:...`. */
  id: z.string().nullable(),
  /** Of the registry that the image came from, `NAME@sha256:...`; null for one that was built. */
  digest: z.string().nullable(),
  /** Version of the Docker Engine. */
  engine: z.string().nullable(),
  /** Whether it might use the network. */
  network: z.boolean(),
});
export type ContainerView = z.infer<typeof containerViewSchema>;

export const attemptViewSchema = z.object({
  job: z.string(),
  stage: stageSchema,
  attempt: z.int(),
  state: jobState,
  reason: z.string().nullable(),
  raw: z.string().nullable(),
  hint: z.string().nullable(),
  command: z.array(z.string()),
  /** Null for a process on this machine. */
  container: containerViewSchema.nullable(),
  exit: z
    .object({
      code: z.int().nullable(),
      signal: z.string().nullable(),
      peakMemory: z.number().nullable(),
      cpuSeconds: z.number().nullable(),
      logDropped: z.number(),
    })
    .nullable(),
  badLines: z.int(),
  environment: z.record(z.string(), z.unknown()).nullable(),
  gpus: z.array(z.int()),
  startedAt: nullableTime,
  endedAt: nullableTime,
  files: z.array(z.object({ path: z.string(), sha256: z.string(), size: z.number() })),
});
export type AttemptView = z.infer<typeof attemptViewSchema>;

export const evaluationViewSchema = z.object({
  id: z.string(),
  attack: z.string(),
  state: z.enum(["queued", "attacking", "verifying", "verified", "failed", "cancelled"]),
  reason: z.string().nullable(),
  /** What holds its job up without being a failure. */
  condition: z.string().nullable(),
  /** What the attack's program reported: claims, not verified. */
  summary: z.record(z.string(), z.unknown()).nullable(),
  /** What its verified outcomes say; null until it is verified. */
  facts: z
    .object({
      /** Samples whose outcome counts. */
      verified: z.int(),
      /** Of these, those that the model classifies rightly. */
      tried: z.int(),
      /** Of these, those that the attack fooled. */
      found: z.int(),
      /** Of the smallest distance; null for an attack at a fixed epsilon, and until all are verified. */
      median: z.number().nullable(),
    })
    .nullable(),
  /** Outcomes that did not verify, by reason. */
  rejections: z.array(z.object({ reason: z.string(), count: z.int() })),
  endedAt: nullableTime,
});
export type EvaluationView = z.infer<typeof evaluationViewSchema>;

export const runDetailSchema = listedRunSchema.extend({
  folder: z.string(),
  /** Name and version. */
  dataset: z.string().nullable(),
  git: z.object({
    commit: z.string().nullable(),
    branch: z.string().nullable(),
    /** Uncommitted changes when it was submitted. */
    diff: z.string().nullable(),
  }),
  model: z.string().nullable(),
  metrics: z.array(
    z.object({
      name: z.string(),
      points: z.int(),
      last: z.number(),
      minimum: z.number(),
      maximum: z.number(),
    }),
  ),
  attempts: z.array(attemptViewSchema),
  evaluations: z.array(evaluationViewSchema),
});
export type RunDetail = z.infer<typeof runDetailSchema>;

export const exportFormatSchema = z.enum(["csv", "json", "jsonl", "parquet"]);
export type ExportFormat = z.infer<typeof exportFormatSchema>;

/** What goes into a file; see core/services/export/tables.ts for the columns. */
export const exportRequestSchema = z.discriminatedUnion("what", [
  z.object({
    what: z.literal("runs"),
    /** In the query language of docs/guide/query.md; empty for all runs. */
    query: z.string().max(10_000).default(""),
    /** Fields beside the facts of a run; none: every value there is. */
    columns: z.array(z.string()).max(500).default([]),
  }),
  z.object({ what: z.literal("metrics"), runs: z.array(z.string()).min(1).max(1000) }),
  z.object({
    what: z.literal("outcomes"),
    /** Names or ids; none: all. */
    models: z.array(z.string()).max(1000).default([]),
    attacks: z.array(z.string()).max(1000).default([]),
  }),
  z.object({ what: z.literal("environment"), runs: z.array(z.string()).min(1).max(1000) }),
  z.object({ what: z.literal("leaderboard"), set: z.string().default("active") }),
]);
export type ExportRequest = z.infer<typeof exportRequestSchema>;

const comparedRowsSchema = z.array(
  z.object({
    name: z.string(),
    /** In the order of the runs; null where a run has no such value. */
    values: z.array(z.union([z.string(), z.number(), z.boolean(), z.null()])),
    differs: z.boolean(),
  }),
);

export const runComparisonSchema = z.object({
  runs: z.array(runViewSchema),
  sections: z.object({
    parameters: comparedRowsSchema,
    results: comparedRowsSchema,
    metrics: comparedRowsSchema,
    experiment: comparedRowsSchema,
    environment: comparedRowsSchema,
  }),
});
export type RunComparison = z.infer<typeof runComparisonSchema>;

const codeChangeSchema = z.object({
  path: z.string(),
  change: z.enum(["added", "removed", "changed"]),
  /** Unified diff; null where a file is no text or too long to lay side by side. */
  patch: z.string().nullable(),
});
export type CodeChange = z.infer<typeof codeChangeSchema>;

export const codeDiffSchema = z.object({
  files: z.array(codeChangeSchema),
  /** How many files are the same in both. */
  same: z.int(),
});
export type CodeDiff = z.infer<typeof codeDiffSchema>;

export const sweepViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  experiment: z.string(),
  version: z.int(),
  method: z.enum(["grid", "random", "sobol"]),
  objective: z.object({ metric: z.string(), goal: z.enum(["maximize", "minimize"]) }).nullable(),
  priority: z.int(),
  /** Cells by the state of the run that stands for them; `open`: there is none. */
  counts: z.object({
    open: z.int(),
    queued: z.int(),
    running: z.int(),
    succeeded: z.int(),
    failed: z.int(),
    cancelled: z.int(),
  }),
  createdAt: time,
});
export type SweepView = z.infer<typeof sweepViewSchema>;

export const sweepDetailSchema = sweepViewSchema.extend({
  /** The cell with the best value of the objective so far; null without an objective or a value. */
  best: z.object({ position: z.int(), value: z.number() }).nullable(),
  cells: z.array(
    z.object({
      position: z.int(),
      label: z.string(),
      parameters,
      seed: z.int(),
      state: z.enum(["open", ...runViewSchema.shape.state.options]),
      runId: z.string().nullable(),
      run: z.string().nullable(),
      reason: z.string().nullable(),
      summary: z.record(z.string(), z.unknown()),
      /** The objective's value; null where there is none. */
      value: z.number().nullable(),
      startedAt: nullableTime,
      endedAt: nullableTime,
    }),
  ),
});
export type SweepDetail = z.infer<typeof sweepDetailSchema>;

/** What submitting or rerunning a sweep did; see core/services/sweeps.ts. */
export const sweepResultSchema = z.object({
  sweep: z.string(),
  name: z.string(),
  cells: z.int(),
  runs: z.array(z.string()),
  reused: z.array(z.string()),
  underWay: z.array(z.string()),
  evaluations: z.array(z.string()),
});
export type SweepResultView = z.infer<typeof sweepResultSchema>;

export const progressSchema = z.object({
  runs: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      label: z.string(),
      state: runViewSchema.shape.state,
      reason: z.string().nullable(),
      /** The stage under way, and its job's state. */
      stage: stageSchema.nullable(),
      jobState: jobState.nullable(),
      condition: z.string().nullable(),
      summary: z.record(z.string(), z.unknown()),
      startedAt: nullableTime,
      endedAt: nullableTime,
    }),
  ),
  evaluations: z.array(
    z.object({
      id: z.string(),
      model: z.string(),
      attack: z.string(),
      state: evaluationViewSchema.shape.state,
      /** Samples without a verified outcome, once it is verified: the model stays incomplete. */
      unverified: z.int(),
      reason: z.string().nullable(),
      condition: z.string().nullable(),
    }),
  ),
  /** Of all that was asked about, whether or not it is listed. */
  counts: z.object({
    runs: z.partialRecord(runViewSchema.shape.state, z.int()),
    evaluations: z.partialRecord(evaluationViewSchema.shape.state, z.int()),
  }),
  /** True when nothing of all this is unfinished. */
  done: z.boolean(),
  /** Number of the newest event that this answer knows of. */
  seq: z.int(),
});
export type Progress = z.infer<typeof progressSchema>;

export const modelViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  run: z.string().nullable(),
  label: z.string(),
  dataset: z.string().nullable(),
  size: z.number(),
  createdAt: time,
  verified: z.int(),
  evaluations: z.int(),
});
export type ModelView = z.infer<typeof modelViewSchema>;

export const modelDetailSchema = modelViewSchema.extend({
  interface: modelInterfaceSchema.nullable(),
  hash: z.string(),
  files: z.array(z.object({ path: z.string(), sha256: z.string(), size: z.number() })),
  results: z.array(evaluationViewSchema),
});
export type ModelDetail = z.infer<typeof modelDetailSchema>;

export const attackViewSchema = z.object({
  id: z.string(),
  label: z.string(),
  definition: attackSchema,
  inActiveSet: z.boolean(),
  createdAt: time,
});
export type AttackView = z.infer<typeof attackViewSchema>;

export const attackSetViewSchema = z.object({
  name: z.string(),
  date: z.string(),
  active: z.boolean(),
  attacks: z.array(z.string()),
});
export type AttackSetView = z.infer<typeof attackSetViewSchema>;

export const datasetViewSchema = z.object({
  name: z.string(),
  version: z.string(),
  hash: z.string(),
  classes: z.int(),
  splits: z.record(z.string(), z.int()),
  /** Bytes of all its files. */
  size: z.number(),
  createdAt: time,
  /** When a job last began with it, or it was added; null: not since this is noted. */
  usedAt: nullableTime,
  /** Whether its images were removed to make room; a job that needs them has them packed again. */
  isDropped: z.boolean(),
  /** What it was packed from, a path or a kit; null: what is packed is the only copy. */
  source: z.string().nullable(),
});
export type DatasetView = z.infer<typeof datasetViewSchema>;

/** What packed datasets take on the disk, and may take; bytes, null for no limit. */
export const datasetCacheSchema = z.object({ limit: z.number().nullable(), bytes: z.number() });
export type DatasetCacheView = z.infer<typeof datasetCacheSchema>;

/** A dataset that was just added: as what it was recognised, and what was decided, as sentences. */
export const addedDatasetSchema = datasetViewSchema.extend({
  format: z.string(),
  notes: z.array(z.string()),
});
export type AddedDataset = z.infer<typeof addedDatasetSchema>;

/** A dataset that is being packed, and how many of its samples are; 0 of 0 until that is known. */
export const packingSchema = z.object({ folder: z.string(), done: z.int(), total: z.int() });
export type Packing = z.infer<typeof packingSchema>;

const leaderboardFacts = {
  modelId: z.string(),
  model: z.string(),
  label: z.string(),
  parameters,
  seed: z.int().nullable(),
  perAttack: z.array(
    z.object({
      attack: z.string(),
      verified: z.int(),
      needed: z.int(),
      tried: z.int(),
      found: z.int(),
      median: z.number().nullable(),
      /** Only of an attack at a fixed epsilon. */
      robustAccuracy: z.number().nullable(),
      bestOn: z.int(),
    }),
  ),
  verified: z.int(),
  needed: z.int(),
  /**
   * Under each of the view's `fixed`: the share of samples that no attack fooled, in [0, 1], and
   * which attacks tried; null where none is verified on every sample.
   */
  fixed: z.array(z.object({ accuracy: z.number(), attacks: z.array(z.string()) }).nullable()),
};

const threatModelViewSchema = z.object({
  id: z.string(),
  norm: normSchema,
  minimal: z.boolean(),
  epsilon: z.number().nullable(),
  bounds: boundsSchema,
  queries: z.int().nullable(),
  dataset: z.string(),
  split: z.string(),
  samples: z.int(),
});

export const leaderboardViewSchema = z.object({
  set: attackSetViewSchema,
  threatModel: threatModelViewSchema.nullable(),
  /** Where robust accuracy was asked for. */
  epsilons: z.array(z.number()),
  /** The classes whose samples count; empty: all. */
  classes: z.array(z.int()),
  /** Threat models with an epsilon, on the same dataset, that models were evaluated under. */
  fixed: z.array(threatModelViewSchema),
  ranked: z.array(
    z.object({
      ...leaderboardFacts,
      rank: z.int(),
      score: z.number(),
      interval: z.tuple([z.number(), z.number()]),
      cleanAccuracy: z.number(),
      /** Samples that no attack fooled, which count the largest possible distance. */
      atWorstCase: z.int(),
      /** At each of `epsilons`. */
      robustAccuracy: z.array(z.number()),
    }),
  ),
  incomplete: z.array(z.object({ ...leaderboardFacts, reason: z.string() })),
});
export type LeaderboardView = z.infer<typeof leaderboardViewSchema>;

export const robustnessCurveSchema = z.object({
  attacks: z.array(z.string()),
  threatModel: threatModelViewSchema.nullable(),
  norm: normSchema.nullable(),
  classes: z.array(z.int()),
  epsilons: z.array(z.number()),
  models: z.array(
    z.object({
      modelId: z.string(),
      model: z.string(),
      verified: z.int(),
      needed: z.int(),
      /** Why there is no curve; null where there is one. */
      reason: z.string().nullable(),
      /** At each of `epsilons`, in [0, 1]. */
      robustAccuracy: z.array(z.number()).nullable(),
    }),
  ),
});
export type RobustnessCurveView = z.infer<typeof robustnessCurveSchema>;

export const robustnessMatrixSchema = z.object({
  attacks: z.array(z.string()),
  threatModel: threatModelViewSchema.nullable(),
  models: z.array(
    z.object({
      modelId: z.string(),
      model: z.string(),
      /** In the order of `attacks`. */
      cells: z.array(
        z.object({
          evaluation: z.string().nullable(),
          state: z.enum(["absent", ...evaluationViewSchema.shape.state.options]),
          verified: z.int(),
          needed: z.int(),
          median: z.number().nullable(),
          /** Share of the attacked samples that were fooled; null until verified. */
          found: z.number().nullable(),
        }),
      ),
    }),
  ),
});
export type RobustnessMatrixView = z.infer<typeof robustnessMatrixSchema>;

export const checkViewSchema = z.object({
  name: z.string(),
  state: z.enum(["ok", "warning", "failed"]),
  detail: z.string(),
  hint: z.string().nullable(),
});
export type CheckView = z.infer<typeof checkViewSchema>;

export const logPageSchema = z.object({
  stage: stageSchema,
  attempt: z.int(),
  text: z.string(),
  /** Where the next page starts, in bytes. */
  nextOffset: z.int(),
  /** True when the job has ended and this page is the last. */
  ended: z.boolean(),
});
export type LogPage = z.infer<typeof logPageSchema>;

export const deletionSchema = z.object({
  runs: z.array(z.object({ id: z.string(), name: z.string() })),
  models: z.int(),
  evaluations: z.int(),
  files: z.int(),
  bytes: z.number(),
});
export type DeletionView = z.infer<typeof deletionSchema>;

export const fillSchema = z.object({
  missing: z.array(z.object({ model: z.string(), modelId: z.string(), attack: z.string() })),
  queued: z.array(z.string()),
  present: z.int(),
  /** Models that nobody named, left out because their dataset cannot be used, and why, with what to do. */
  leftOut: z.array(z.object({ model: z.string(), dataset: z.string(), why: z.string() })),
});
