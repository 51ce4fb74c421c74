/** The contents of the runner's files, checked on reading: anyone may have written to the folder. */
import { z } from "zod";
import type { ExitRecord } from "../../domain/job.ts";

const identitySchema = z.object({ pid: z.int().positive(), start: z.string() });

export const launchFileSchema = z.object({
  schema: z.literal(1),
  key: z.object({ job: z.string(), attempt: z.int() }),
  command: z.array(z.string()).min(1),
  cwd: z.string(),
  env: z.record(z.string(), z.string()),
  /** Milliseconds. */
  timeLimit: z.number().positive(),
  silenceLimit: z.number().positive(),
  grace: z.number().nonnegative(),
  /** Bytes. */
  memoryLimit: z.number().positive().nullable(),
  logLimit: z.number().nonnegative(),
  gpus: z.array(z.int().nonnegative()),
  /** How many secrets come on the supervisor's input; they stand in no file. */
  secrets: z.int().nonnegative(),
});
export type LaunchFile = z.infer<typeof launchFileSchema>;

/** Written by the supervisor, and by release() to bar an attempt that was never started. */
export const supervisorFileSchema = z.union([
  z.object({ released: z.literal(true) }),
  z.object({
    ...identitySchema.shape,
    /** The job's main process, once it was started. */
    job: z.object({ ...identitySchema.shape, since: z.number() }).nullable(),
  }),
]);
export type SupervisorFile = z.infer<typeof supervisorFileSchema>;

export const exitFileSchema: z.ZodType<ExitRecord> = z.object({
  code: z.int().nullable(),
  signal: z.string().nullable(),
  endedBy: z.enum(["itself", "stopped", "timed-out", "silent", "out-of-memory", "place-lost"]),
  startError: z.object({ code: z.string(), message: z.string() }).nullable(),
  startedAt: z.number(),
  endedAt: z.number(),
  peakMemory: z.number().nonnegative().nullable(),
  cpuSeconds: z.number().nonnegative().nullable(),
  logDropped: z.number().nonnegative(),
});
