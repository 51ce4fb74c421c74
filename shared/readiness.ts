/** Where an experiment's jobs will run, and what is missing before they can. */
import { z } from "zod";

/** This machine itself, or a container of its Docker Engine. */
const placeSchema = z.discriminatedUnion("runner", [
  z.object({ runner: z.literal("process") }),
  z.object({
    runner: z.literal("docker"),
    /** As it is asked for or, of one that is built, as it is named in the engine. */
    image: z.string(),
    /** What is done for it first; null while Docker does not answer. */
    preparation: z.enum(["none", "fetch", "build"]).nullable(),
    /** What the name means in the engine, `sha256:...`; null where it has no such image yet. */
    id: z.string().nullable(),
    /** Version of the engine; null while it does not answer. */
    engine: z.string().nullable(),
    /** Whether jobs may use the network. */
    network: z.boolean(),
  }),
]);
export type Place = z.infer<typeof placeSchema>;
export type DockerPlace = Extract<Place, { runner: "docker" }>;

const findingSchema = z.object({
  /**
   * `note`: to be known, such as what takes its time first. `warning`: jobs wait until somebody mends it. `failed`: the
   * run cannot succeed.
   */
  state: z.enum(["note", "warning", "failed"]),
  /** One of shared/errors.ts; null for what is no fault. */
  code: z.string().nullable(),
  message: z.string(),
  hint: z.string().nullable(),
});
export type Finding = z.infer<typeof findingSchema>;

export const readinessSchema = z.object({ place: placeSchema, findings: z.array(findingSchema) });
export type Readiness = z.infer<typeof readinessSchema>;
