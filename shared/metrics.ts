/** Metric series and their charts, as the contract tells them. */
import { z } from "zod";
import { stageSchema } from "./schemas/run-folder.ts";

/** What a point's place is: its step, its time in seconds since 1970, or its position from 0 on. */
export const axisSchema = z.enum(["step", "time", "position"]);
export type MetricAxis = z.infer<typeof axisSchema>;

export const metricSeriesSchema = z.object({
  id: z.int(),
  jobId: z.string(),
  stage: stageSchema,
  /** Number of the job's attempt; each has series of its own. */
  attempt: z.int(),
  name: z.string(),
  points: z.int(),
  /** Points that have a step, and those that have a time. */
  steps: z.int(),
  times: z.int(),
  last: z.number(),
  minimum: z.number(),
  maximum: z.number(),
});
export type MetricSeries = z.infer<typeof metricSeriesSchema>;

export const metricChartInputSchema = z.object({
  series: z
    .array(
      z.object({
        id: z.int(),
        /** Its window, both ends included; null for no end. */
        from: z.number().nullable().default(null),
        to: z.number().nullable().default(null),
      }),
    )
    .min(1)
    .max(100),
  axis: axisSchema,
  /** At most so many columns for each series: one per pixel is enough. */
  columns: z.int().min(1).max(4096),
});

/** Float64 numbers, little-endian, in base64: a fifth of the work that a list of numbers is. */
const numbers = z.string();

export const metricChartSchema = z.object({
  series: z.int(),
  /** Points in the window. */
  points: z.int(),
  /** Whether each column is a single point; then only `from` and `first` are given. */
  raw: z.boolean(),
  /** Whether no column begins before the end of the one in front of it. */
  sorted: z.boolean(),
  from: numbers,
  to: numbers,
  first: numbers,
  last: numbers,
  minimum: numbers,
  maximum: numbers,
});
export type MetricChart = z.infer<typeof metricChartSchema>;

export const sparklinesInputSchema = z.object({
  /** Ids: those of the rows in view. */
  runs: z.array(z.string().max(100)).min(1).max(200),
  metric: z.string().min(1).max(300),
  /** At most so many numbers for each run. */
  columns: z.int().min(1).max(200).default(48),
});

/** The course of a metric in a run, small enough to stand in a row of a table. */
export const sparklineSchema = z.object({
  run: z.string(),
  points: z.int(),
  /** In the order of the points: each of them, or the last one of each of `columns` equal parts. */
  values: z.array(z.number()),
});
export type Sparkline = z.infer<typeof sparklineSchema>;
