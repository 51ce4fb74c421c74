/** What people note about runs, and views of the runs table, as the contract tells them. */
import { z } from "zod";
import { tagPattern, tagRule } from "./tag.ts";

const tagSchema = z.string().regex(tagPattern, `a tag is ${tagRule}`);

export const annotationSchema = z.object({
  starred: z.boolean(),
  notes: z.string().nullable(),
  tags: z.array(z.string()),
});
export type Annotation = z.infer<typeof annotationSchema>;

/** New values of a run; what is left out stays. */
export const annotationChangeSchema = z.object({
  run: z.string().min(1).max(300),
  starred: z.boolean().optional(),
  notes: z.string().max(10_000).nullable().optional(),
  tags: z.array(tagSchema).max(20).optional(),
});
export type AnnotationChange = z.infer<typeof annotationChangeSchema>;

/** What of the runs table is shown, and how. */
export const savedViewSchema = z.object({
  name: z.string().regex(/^[^\p{C}]{1,60}$/u),
  query: z.string().max(10_000),
  /** A field, with `-` in front for the largest first. */
  sort: z.string().max(400),
  seeds: z.boolean(),
  /** Null: a choice made by what runs there are. */
  columns: z.array(z.string().max(400)).max(500).nullable(),
  /** Columns that stay in view. */
  pinned: z.array(z.string().max(400)).max(500).default([]),
  /** Widths that were given to columns, px. */
  widths: z.record(z.string().max(400), z.number().min(1).max(10_000)).default({}),
});
export type SavedView = z.infer<typeof savedViewSchema>;
