/** The runs table and read-only SQL, as the contract tells them. */
import { z } from "zod";
import { fieldKinds, fieldTypes } from "./query/fields.ts";
import { runViewSchema } from "./views.ts";

const fieldName = z.string().min(1).max(400);

/** What of a group is sorted by: of its runs' values, without those that have none. */
export const statistics = ["mean", "deviation", "minimum", "maximum", "count"] as const;
export type Statistic = (typeof statistics)[number];

export const runsTableInputSchema = z.object({
  /** In the query language of docs/guide/query.md; empty for all runs. */
  query: z.string().max(10_000).default(""),
  /** Most important first; what is equal in all of them comes newest first. `runs` sorts groups by size. */
  sort: z
    .array(
      z.object({
        field: fieldName,
        descending: z.boolean().default(false),
        /** Of a group. */
        statistic: z.enum(statistics).default("mean"),
      }),
    )
    .max(8)
    .default([]),
  /** Fields whose values make a group; `seed` groups the runs that differ only by seed. */
  group: z.array(fieldName).min(1).max(8).nullable().default(null),
  columns: z.array(fieldName).max(500).default([]),
  limit: z.int().min(1).max(1000).default(50),
  offset: z.int().nonnegative().default(0),
});
export type RunsTableInput = z.infer<typeof runsTableInputSchema>;

const valueSchema = z.union([z.number(), z.string()]).nullable();
export type TableValue = z.infer<typeof valueSchema>;

export const runRowSchema = runViewSchema.omit({ parameters: true, summary: true }).extend({
  dataset: z.string().nullable(),
  /** What holds its jobs up, or else the newest reason of an attempt that failed. */
  condition: z.string().nullable(),
  /** The same for runs that differ only by seed. */
  config: z.string(),
  /** One per requested column; null where the run has none. */
  values: z.array(valueSchema),
});
export type RunRow = z.infer<typeof runRowSchema>;

export const groupRowSchema = z.object({
  /** The values of the group's fields. */
  key: z.array(valueSchema),
  runs: z.int(),
  /** The newest run of the group, which stands for what its runs share. */
  newest: runRowSchema,
  /**
   * One per requested column, over the runs that have a number: the sample standard deviation is
   * null below two of them. `text` is what all runs of the group have alike.
   */
  values: z.array(
    z.object({
      count: z.int(),
      mean: z.number().nullable(),
      deviation: z.number().nullable(),
      minimum: z.number().nullable(),
      maximum: z.number().nullable(),
      text: z.string().nullable(),
    }),
  ),
});
export type GroupRow = z.infer<typeof groupRowSchema>;

export const runsTableSchema = z.object({
  /** Runs that match the query. */
  runs: z.int(),
  /** Rows that there are: runs, or groups of them. */
  total: z.int(),
  rows: z.array(runRowSchema),
  groups: z.array(groupRowSchema),
});
export type RunsTable = z.infer<typeof runsTableSchema>;

export const runFieldSchema = z.object({
  kind: z.enum(fieldKinds),
  /** Of a score the attack set's name, empty for the active set. */
  name: z.string(),
  aspect: z.enum(["last", "minimum", "maximum"]),
  type: z.enum(fieldTypes),
  values: z.array(z.string()).nullable(),
  /** As it stands in a query. */
  written: z.string(),
  /** Runs that have a value. */
  runs: z.int(),
});
export type RunField = z.infer<typeof runFieldSchema>;

export const sqlInputSchema = z.object({
  statement: z.string().min(1).max(100_000),
  /** More rows are left off, which `truncated` says. */
  limit: z.int().min(1).max(100_000).default(10_000),
});

export const sqlResultSchema = z.object({
  columns: z.array(z.string()),
  rows: z.array(z.array(z.union([z.number(), z.string()]).nullable())),
  truncated: z.boolean(),
  milliseconds: z.number(),
});
export type SqlResult = z.infer<typeof sqlResultSchema>;
