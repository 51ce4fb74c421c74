/** A challenge of the NIPS 2018 Adversarial Vision Challenge's kind: what is asked for, and what came of it. */
import { z } from "zod";

const image = z.string().min(1).max(500);
const images = z
  .array(image)
  .min(1)
  .max(100)
  .refine((names) => new Set(names).size === names.length, "an image is named twice");

export const challengeInputSchema = z.object({
  /** Docker images of models and attacks, by name. */
  models: images,
  attacks: images,
  /** Where labels.yml and the images are, absolute. */
  folder: z.string().min(1).max(4096),
  targeted: z.boolean().default(false),
  /** Queries that an attack has for one image. */
  queries: z.int().min(1).max(1_000_000).default(1000),
  /** Images that one container of an attack is given; it has the queries and the time of all of them. */
  batch: z.int().min(1).max(10_000).default(1),
  /** Seconds that an attack has for one image. */
  secondsPerImage: z.number().positive().max(86_400).default(90),
  /** Seconds until a model answers. */
  setUpSeconds: z.number().positive().max(86_400).default(100),
  /** Bytes of memory that a container has. */
  memory: z
    .int()
    .min(16 * 2 ** 20)
    .default(4 * 2 ** 30),
});
export type ChallengeInput = z.infer<typeof challengeInputSchema>;

/** How a container of an attack ended. */
const endingSchema = z.enum([
  "done",
  "exit-code",
  "timed-out",
  "out-of-memory",
  "output-too-large",
  "not-started",
]);
export type ChallengeEnding = z.infer<typeof endingSchema>;

export const challengeOutcomeSchema = z.object({
  image: z.string(),
  label: z.int(),
  target: z.int().nullable(),
  /** What the model says of the clean image; null where it says now this, now that. */
  clean: z.int().nullable(),
  /** `hit`: the clean image does already what the attack is to reach; it was not attacked. */
  outcome: z.enum(["fooled", "hit", "failed"]),
  /** Why a failed one failed; null otherwise. */
  reason: z
    .enum([
      "nothing",
      "no-file",
      "no-array",
      "wrong-type",
      "wrong-shape",
      "not-adversarial",
      "unstable-prediction",
    ])
    .nullable(),
  /** What the model says of the adversarial; null where there is none to ask about. */
  prediction: z.int().nullable(),
  /** L2 on [0, 1]; 0 for `hit`, the largest that the image can have for `failed`. */
  distance: z.number(),
  /** How the container ended that attacked it; null for `hit`. */
  ended: endingSchema.nullable(),
  /** Counted by the proxy; null where a container had several images. */
  queries: z.int().nullable(),
});
export type ChallengeOutcome = z.infer<typeof challengeOutcomeSchema>;

const sideSchema = z.object({
  image,
  /** What the name meant. */
  imageId: z.string(),
  digest: z.string().nullable(),
  /** L2 on [0, 1]: of a model larger is better, of an attack smaller. */
  score: z.number(),
  /** Whether it is among the five that the other side's scores rest on. */
  top: z.boolean(),
});

export const challengeReportSchema = z.object({
  schema: z.literal(1),
  id: z.string(),
  /** Milliseconds since 1970. */
  startedAt: z.number(),
  endedAt: z.number(),
  /** Where the report and the adversarials lie. */
  folder: z.string(),
  settings: challengeInputSchema,
  models: z.array(
    sideSchema.extend({
      /** Share of the images that it classifies rightly. */
      accuracy: z.number(),
    }),
  ),
  attacks: z.array(sideSchema),
  /** Every model with every attack. */
  pairs: z.array(
    z.object({
      model: image,
      attack: image,
      /** Of the distances, L2 on [0, 1]. */
      median: z.number(),
      queries: z.int(),
      /** Questions beyond the quota, and such as were none. */
      refused: z.int(),
      malformed: z.int(),
      /** The end of what the first container wrote that did not end well; null where all did. */
      log: z.string().nullable(),
      outcomes: z.array(challengeOutcomeSchema),
    }),
  ),
});
export type ChallengeReport = z.infer<typeof challengeReportSchema>;

/** How far a challenge is. */
export const challengeProgressSchema = z.object({
  id: z.string(),
  /** What is under way. */
  model: z.string(),
  attack: z.string().nullable(),
  /** Attacked images, over all pairs. */
  done: z.int(),
  total: z.int(),
});
export type ChallengeProgress = z.infer<typeof challengeProgressSchema>;
