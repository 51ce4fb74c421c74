/** What is going on: the events a page follows, and the machine at a glance. */
import { z } from "zod";
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
