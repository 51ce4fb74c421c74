/** What is going on: the events a page follows, and the machine at a glance. */
import { z } from "zod";
import { stageSchema } from "./schemas/run-folder.ts";
import { timestampSchema } from "./schemas/scalars.ts";

export const eventSchema = z.object({
  seq: z.int(),
  time: timestampSchema,
  /** What happened, such as `run.created` or `job.failed`. */
  kind: z.string(),
  /** Id of what it happened to. */
  subject: z.string(),
  data: z.record(z.string(), z.unknown()),
});

export const eventBatchSchema = z.object({
  /** The newest event that is known with this batch; go on after it. */
  seq: z.int(),
  /** Events were left out: whatever is shown must be asked for anew. */
  reset: z.boolean(),
  events: z.array(eventSchema),
});
export type EventBatch = z.infer<typeof eventBatchSchema>;

const useSchema = z.object({ used: z.number(), total: z.number() });

export const overviewSchema = z.object({
  /** Jobs that have not ended. */
  jobs: z.object({
    queued: z.int(),
    starting: z.int(),
    running: z.int(),
    collecting: z.int(),
  }),
  /** What running jobs hold of what jobs may use. */
  slots: z.object({ cpus: useSchema, gpus: useSchema }),
  machine: z.object({
    name: z.string(),
    platform: z.string(),
    /** Processors in use since the last look, of all programs; null at the first look. */
    cpus: z.object({ used: z.number().nullable(), total: z.int() }),
    /** Bytes. */
    memory: useSchema,
  }),
  /** Bytes that the core holds. */
  coreMemory: z.number(),
  runs: z.int(),
});
export type Overview = z.infer<typeof overviewSchema>;

const jobViewSchema = z.object({
  id: z.string(),
  stage: stageSchema,
  state: z.enum(["queued", "starting", "running", "collecting"]),
  /** Whether it was asked to end. */
  stopping: z.boolean(),
  /** Why it waits, where something is in its way. */
  condition: z.string().nullable(),
  /** Of the run, or of the model that is evaluated. */
  name: z.string(),
  /** The run that it is of, or whose model it evaluates. */
  run: z.string().nullable(),
  model: z.string().nullable(),
  attack: z.string().nullable(),
  priority: z.int(),
  /** What it asks for. */
  slots: z.object({
    cpus: z.int(),
    gpus: z.int(),
    /** Share of its one GPU, 0 to 1; null for whole ones. */
    gpuShare: z.number().nullable(),
  }),
  /** The GPUs that it holds, by number; with a share beside other jobs. */
  gpus: z.array(z.int()),
  createdAt: timestampSchema,
  startedAt: timestampSchema.nullable(),
});
export type JobView = z.infer<typeof jobViewSchema>;

export const queueSchema = z.object({
  /** Jobs that have not ended, whether or not they are listed. */
  total: z.int(),
  /** Those under way, then those that wait in the order in which they start. */
  jobs: z.array(jobViewSchema),
});
export type QueueView = z.infer<typeof queueSchema>;

const gpuSchema = z.object({
  index: z.int(),
  name: z.string(),
  driver: z.string(),
  /** Bytes. */
  memory: z.number(),
  /** Bytes in use, by whomever; null, as the next ones, where the GPU does not tell. */
  memoryUsed: z.number().nullable(),
  /** Degrees Celsius. */
  temperature: z.number().nullable(),
  /** Watts. */
  power: z.number().nullable(),
  /** Share of the time in which it worked, 0 to 1. */
  utilisation: z.number().nullable(),
  /** Who computes on it. */
  processes: z.array(
    z.object({
      pid: z.int(),
      name: z.string(),
      /** Bytes of the GPU's memory. */
      memory: z.number().nullable(),
      /** No job of this Gauntlet: the GPU is not given to one while it is there. */
      foreign: z.boolean(),
    }),
  ),
});
export type GpuView = z.infer<typeof gpuSchema>;

export const gpuReportSchema = z.object({
  /** The GPUs that jobs can be given. */
  gpus: z.array(gpuSchema),
  /** The newest CUDA version that the driver knows. */
  cuda: z.string().nullable(),
  /** What there is instead of a GPU for jobs, in a sentence; null where there is one. */
  absent: z.string().nullable(),
});
export type GpuReport = z.infer<typeof gpuReportSchema>;
