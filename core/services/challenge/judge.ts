/** What counts of what attacks hand in: the model itself is asked, and distances are computed here. */
import type { ChallengeOutcome, ChallengeReport } from "../../../shared/challenge.ts";
import { byteDistance, worstByteDistance } from "../../domain/challenge-score.ts";
import type { Attacked } from "./attack-box.ts";
import type { ChallengeImage } from "./images.ts";
import type { ModelClient } from "./model-client.ts";
import type { ByteImage } from "./protocol.ts";

type Pair = ChallengeReport["pairs"][number];

/** One model under one attack. */
export type Judged = {
  /** Indices of the images that have to be attacked. */
  open: readonly number[];
  /** Judges what was left for some of them. Returns what fooled the model. Throws ModelFault. */
  take(
    model: ModelClient,
    indices: readonly number[],
    attacked: Attacked,
  ): Promise<(ByteImage & { name: string })[]>;
  /** By image, L2 on [0, 1]. */
  distances(): Float64Array;
  /** Share of the images that the model classifies rightly. */
  accuracy(): number;
  facts(): Pick<Pair, "queries" | "refused" | "malformed" | "log" | "outcomes">;
};

/**
 * The label of an image; null where the model says one thing and then another, which the challenge's
 * rules forbid. Throws ModelFault.
 */
export async function predictTwice(model: ModelClient, image: ByteImage): Promise<number | null> {
  const first = await model.predict(image);
  return first === (await model.predict(image)) ? first : null;
}

/** Begins with what is known of the clean images: `clean` is the model's word on each of them. */
export function judge(
  images: readonly ChallengeImage[],
  clean: readonly (number | null)[],
): Judged {
  const sums = { queries: 0, refused: 0, malformed: 0 };
  let log: string | null = null;
  const outcomes = images.map((image, index): ChallengeOutcome => {
    const { name, label, target } = image;
    const said = clean[index] ?? null;
    const isHit = isReached(said, image);
    return {
      image: name,
      label,
      target,
      clean: said,
      outcome: isHit ? "hit" : "failed",
      reason: isHit ? null : "nothing",
      prediction: null,
      distance: isHit ? 0 : worstByteDistance(image.data),
      ended: null,
      queries: null,
    };
  });
  return {
    open: outcomes.flatMap(({ outcome }, index) => (outcome === "hit" ? [] : [index])),
    async take(model, indices, { ended, log: words, counts, results }) {
      sums.queries += counts.queries;
      sums.refused += counts.refused;
      sums.malformed += counts.malformed;
      log ??= words;
      const queries = indices.length === 1 ? counts.queries : null;
      const found: (ByteImage & { name: string })[] = [];
      for (const [place, index] of indices.entries()) {
        const image = images[index];
        const outcome = outcomes[index];
        const result = results[place];
        if (!image || !outcome || !result) throw new RangeError(`there is no image ${index}`);
        Object.assign(outcome, { ended, queries });
        if ("refusal" in result) outcome.reason = result.refusal;
        else if (await fools(model, image, result.data, outcome))
          found.push({ name: image.name, shape: image.shape, data: result.data });
      }
      return found;
    },
    distances: () => Float64Array.from(outcomes, ({ distance }) => distance),
    accuracy: () => outcomes.filter((one) => one.clean === one.label).length / outcomes.length,
    facts: () => ({ ...sums, log, outcomes }),
  };
}

/** Asks the model about a row and notes what came of it. */
async function fools(
  model: ModelClient,
  image: ChallengeImage,
  data: Uint8Array,
  outcome: ChallengeOutcome,
): Promise<boolean> {
  const prediction = await predictTwice(model, { shape: image.shape, data });
  outcome.prediction = prediction;
  if (prediction === null) outcome.reason = "unstable-prediction";
  else if (!isReached(prediction, image)) outcome.reason = "not-adversarial";
  else {
    const distance = byteDistance(image.data, data);
    Object.assign(outcome, { outcome: "fooled", reason: null, distance });
    return true;
  }
  return false;
}

/** Whether a label is what an attack on the image is to reach. */
function isReached(label: number | null, { label: own, target }: ChallengeImage): boolean {
  if (target !== null) return label === target;
  // A model that does not stand by its answer has not classified the image.
  return label !== own;
}
