import { z } from "zod";

/** What a new experiment can be made from. */
export const templateNames = ["script", "digits", "pytorch"] as const;
export const templateSchema = z.enum(templateNames);
export type TemplateName = (typeof templateNames)[number];
