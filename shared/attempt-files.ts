/** What the attempts of a run used and left, as the contract tells it. */
import { z } from "zod";
import { stageSchema } from "./schemas/run-folder.ts";

export const resourceUseSchema = z.array(
  z.object({
    stage: stageSchema,
    attempt: z.int(),
    /** In the order of time; at most some 600, evenly spaced. */
    samples: z.array(
      z.object({
        /** Milliseconds since 1970. */
        time: z.number(),
        /** Processors in use since the sample before; null for the first. */
        cpus: z.number().nullable(),
        /** Resident memory of the process tree, bytes. */
        memory: z.number().nullable(),
        /** Of all GPUs of the attempt: the mean utilisation, 0 to 1, and the memory in use, bytes. */
        gpu: z.number().nullable(),
        gpuMemory: z.number().nullable(),
        /** Each GPU: degrees Celsius and watts; null where nothing told, as before it was asked. */
        gpus: z.array(
          z.object({
            index: z.int(),
            temperature: z.number().nullable(),
            power: z.number().nullable(),
          }),
        ),
      }),
    ),
  }),
);
export type ResourceUse = z.infer<typeof resourceUseSchema>;

/** A file as far as it can be shown: never more than its kind's limit. */
export const filePreviewSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("text"), text: z.string(), isWhole: z.boolean() }),
  z.object({
    kind: z.literal("image"),
    type: z.enum(["image/png", "image/jpeg", "image/gif", "image/webp"]),
    base64: z.string(),
  }),
  z.object({ kind: z.literal("other"), reason: z.string() }),
]);
export type FilePreview = z.infer<typeof filePreviewSchema>;
