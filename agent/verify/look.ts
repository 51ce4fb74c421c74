/** What the model itself says about a group's clean samples and the rows that an evaluation left. */
import type { Distances } from "../../core/domain/distance.ts";
import {
  checkBounds,
  clipToBounds,
  distancesBetween,
  epsilonLimit,
} from "../../core/domain/distance.ts";
import type { Rejection } from "../../shared/schemas/samples.ts";
import type { ThreatModel } from "../../shared/schemas/threat-model.ts";
import type { Model } from "../model/model.ts";
import type { Prediction } from "../model/predictions.ts";
import { predictionOf } from "../model/predictions.ts";

/**
 * A margin below this share of the largest logit (of 1 at least) is within what the order of
 * float32 additions changes, so that batches of different sizes may fall on different sides.
 */
const marginalShare = 1e-4;
/** How much farther a marginal adversarial is moved, to see whether it holds there. */
const marginalStep = 1.001;

/** The answers for one row: together with others, and alone. Alone is how models are used. */
export type TwoAnswers = { batch: Prediction; alone: Prediction };

/** What a row of the evaluation's array is. `measured` is its distance as it stands. */
export type RowLook =
  | { kind: "adversarial"; answers: TwoAnswers; measured: Distances; distances: Distances }
  | {
      kind: "not";
      reason: Rejection;
      detail: string;
      answers: TwoAnswers | null;
      measured: Distances | null;
    };

/** Asks about `labels.length` rows in one batch, then one by one. */
export async function askTwice(
  model: Model,
  rows: Float32Array,
  labels: ArrayLike<number>,
): Promise<TwoAnswers[]> {
  const n = labels.length;
  if (n === 0) return [];
  const { classes } = model;
  const size = rows.length / n;
  // Copies: a model may change what it is given, and these arrays are what distances come from.
  const together = await model.logits(rows.slice(), n);
  const answers: TwoAnswers[] = [];
  for (let i = 0; i < n; i++) {
    const label = labels[i] ?? -1;
    const batch = predictionOf(together, i, classes, label);
    const logits = await model.logits(rows.slice(i * size, (i + 1) * size), 1);
    answers.push({ batch, alone: predictionOf(logits, 0, classes, label) });
  }
  return answers;
}

/** Whether one of the answers could have been another with a different batch. */
export function isMarginal({ batch, alone }: TwoAnswers): boolean {
  return [batch, alone].some(
    ({ margin, scale }) => Math.abs(margin) < marginalShare * Math.max(1, scale),
  );
}

/**
 * Looks at rows of an evaluation's array. A row is adversarial when it is finite, within the bounds
 * (and epsilon), and wrong in both batch sizes. Where it is not wrong in both but marginal, the same
 * is asked of x + 1.001 * (row - x), and that larger distance is taken.
 * @param x n*D clean samples
 * @param rows n*D rows; changed by clipping to the bounds
 * @param clean the answers for x
 */
export async function lookAtRows(
  model: Model,
  threat: ThreatModel,
  x: Float32Array,
  rows: Float32Array,
  labels: Int32Array,
  clean: readonly TwoAnswers[],
): Promise<RowLook[]> {
  const n = labels.length;
  const size = x.length / n;
  const looks: RowLook[] = [];
  const asked: Candidate[] = [];
  for (let at = 0; at < n; at++) {
    const candidate = {
      at,
      label: labels[at] ?? -1,
      clean: x.subarray(at * size, (at + 1) * size),
      row: rows.subarray(at * size, (at + 1) * size),
    };
    const look = lookAtArray(candidate, threat, clean[at] ?? null);
    if ("kind" in look) looks[at] = look;
    else asked.push({ ...candidate, measured: look });
  }
  const retried: { candidate: Candidate; answers: TwoAnswers }[] = [];
  const answers = await askAbout(model, asked);
  for (const [i, candidate] of asked.entries()) {
    const answer = answers[i];
    if (!answer) continue;
    if (!isWrong(answer, candidate.label) && isAnswer(answer) && isMarginal(answer))
      retried.push({ candidate, answers: answer });
    else looks[candidate.at] = judgeAnswers(candidate, answer, candidate.measured, threat);
  }
  const farther = retried.map(({ candidate }) => moveFarther(candidate, threat));
  const second = await askAbout(model, farther);
  for (const [i, { candidate, answers: first }] of retried.entries()) {
    const moved = farther[i];
    const answer = second[i];
    if (!moved || !answer) continue;
    const held = isWrong(answer, candidate.label);
    looks[candidate.at] = held
      ? judgeAnswers(candidate, answer, larger(candidate.measured, moved.measured), threat)
      : judgeAnswers(candidate, first, candidate.measured, threat);
  }
  return looks;
}

type Candidate = {
  at: number;
  label: number;
  clean: Float32Array;
  row: Float32Array;
  measured: Distances;
};

/** What can be said without asking; distances when the model has to be asked. */
function lookAtArray(
  { row, clean }: Omit<Candidate, "measured">,
  { bounds }: ThreatModel,
  cleanAnswers: TwoAnswers | null,
): RowLook | Distances {
  const place = checkBounds(row, bounds);
  const none = { kind: "not", answers: null, measured: null } as const;
  if (place === "not-finite")
    return { ...none, reason: "not-finite", detail: "the array holds values that are not finite" };
  if (place === "out-of-bounds")
    return { ...none, reason: "out-of-bounds", detail: `the array leaves [${bounds}]` };
  clipToBounds(row, bounds);
  const measured = distancesBetween(clean, row);
  if (measured.l0 > 0) return measured;
  return {
    kind: "not",
    reason: "not-adversarial",
    detail: "the array holds the clean sample",
    answers: cleanAnswers,
    measured,
  };
}

function judgeAnswers(
  { label, measured, row }: Candidate,
  answers: TwoAnswers,
  distances: Distances,
  { norm, epsilon, bounds }: ThreatModel,
): RowLook {
  const not = (reason: Rejection, detail: string): RowLook => ({
    kind: "not",
    reason,
    detail,
    answers,
    measured,
  });
  const { batch, alone } = answers;
  if (!isAnswer(answers)) return not("not-finite", "the model's answer is not finite");
  if (batch.pred === label && alone.pred === label)
    return not("not-adversarial", `the model says ${label}, which is right`);
  if (!isWrong(answers, label))
    return not(
      "unstable-prediction",
      `the model says ${alone.pred} alone and ${batch.pred} in a batch`,
    );
  if (epsilon !== undefined && distances[norm] > epsilonLimit(epsilon, norm, bounds, row.length))
    return not("over-epsilon", `${norm} is ${distances[norm]}, epsilon ${epsilon}`);
  return { kind: "adversarial", answers, measured, distances };
}

function isWrong({ batch, alone }: TwoAnswers, label: number): boolean {
  return [batch.pred, alone.pred].every((pred) => pred !== label && pred !== -1);
}

function isAnswer({ batch, alone }: TwoAnswers): boolean {
  return batch.pred !== -1 && alone.pred !== -1;
}

function moveFarther(candidate: Candidate, { bounds }: ThreatModel): Candidate {
  const { clean } = candidate;
  const row = candidate.row.map((value, i) => {
    const from = clean[i] ?? 0;
    return from + marginalStep * (value - from);
  });
  clipToBounds(row, bounds);
  return { ...candidate, row, measured: distancesBetween(clean, row) };
}

function larger(a: Distances, b: Distances): Distances {
  return {
    l0: Math.max(a.l0, b.l0),
    l1: Math.max(a.l1, b.l1),
    l2: Math.max(a.l2, b.l2),
    linf: Math.max(a.linf, b.linf),
  };
}

async function askAbout(model: Model, candidates: Candidate[]): Promise<TwoAnswers[]> {
  const [first] = candidates;
  if (!first) return [];
  const size = first.row.length;
  const rows = new Float32Array(candidates.length * size);
  candidates.forEach(({ row }, i) => rows.set(row, i * size));
  return askTwice(
    model,
    rows,
    candidates.map(({ label }) => label),
  );
}
