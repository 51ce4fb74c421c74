/**
 * A verify job: what an evaluation claims against what the model says. Knows no attack. Sample ids
 * and labels come from the dataset, predictions from the model, distances from the arrays.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Distances } from "../../core/domain/distance.ts";
import { worstCaseDistance } from "../../core/domain/distance.ts";
import { NpyError } from "../../shared/npy.ts";
import type { VerifiedRecord } from "../../shared/schemas/samples.ts";
import type { ThreatModel } from "../../shared/schemas/threat-model.ts";
import type { Model } from "../model/model.ts";
import { openModel } from "../model/model.ts";
import { finiteOrNull } from "../model/predictions.ts";
import { NpyFileReader } from "../npy-file.ts";
import { checkInput, readJob } from "../program.ts";
import type { RunFolder } from "../run-folder.ts";
import type { Samples } from "../samples.ts";
import { groupsOf, openSamples } from "../samples.ts";
import type { Claims } from "./claims.ts";
import { readClaims } from "./claims.ts";
import type { Judgement } from "./judge.ts";
import { judge } from "./judge.ts";
import type { RowLook, TwoAnswers } from "./look.ts";
import { askTwice, lookAtRows } from "./look.ts";
import { summaryOf } from "./summary.ts";

/** Does the job in `folder`; gives the exit status. That claims are rejected is no failure. */
export async function verify(folder: RunFolder): Promise<number> {
  const job = await readJob(folder, "verify");
  const samples = await openSamples(folder.dataset, job.samples);
  checkInput(job, samples);
  const indexes = new Map(samples.ids.map((id, i) => [id, samples.indexes[i] ?? 0]));
  const claims = await readClaims(join(folder.evaluation, "samples.jsonl"), indexes);
  const array = await openArray(join(folder.evaluation, "adversarial.npy"), samples);
  const model = await openModel(job.model, folder, samples.size, samples.classes);
  try {
    const records: VerifiedRecord[] = [];
    for (const { from, to } of groupsOf(samples.count)) {
      const context = { model, samples, threat: job.threatModel, claims, array };
      records.push(...(await verifyGroup(context, from, to)));
      const count = records.filter(({ verdict }) => verdict === "verified").length;
      console.log(`${to}/${samples.count} samples, ${count} verified`);
    }
    await mkdir(folder.out, { recursive: true });
    const lines = records.map((record) => `${JSON.stringify(record)}\n`).join("");
    await writeFile(join(folder.out, "verified.jsonl"), lines);
    const summary = JSON.stringify(summaryOf(records, claims), null, 2);
    await writeFile(join(folder.out, "summary.json"), `${summary}\n`);
    return 0;
  } finally {
    await model.close();
    await samples.close();
    if (array instanceof NpyFileReader) await array.close();
  }
}

/** The evaluation's array, or why there is none. */
type EvaluationArray = NpyFileReader | { problem: string };

async function openArray(path: string, samples: Samples): Promise<EvaluationArray> {
  let file: NpyFileReader;
  try {
    file = await NpyFileReader.open(path);
  } catch (error) {
    if (error instanceof NpyError) return { problem: error.message };
    if (error instanceof Error && "code" in error && error.code === "ENOENT")
      return { problem: "The evaluation left no adversarial.npy." };
    throw error;
  }
  const { dtype, shape } = file.header;
  const right = [samples.count, ...samples.shape];
  if (dtype === "<f4" && String(shape) === String(right)) return file;
  await file.close();
  return { problem: `The array is ${dtype} (${shape}); <f4 (${right}) is right.` };
}

type Context = {
  model: Model;
  samples: Samples;
  threat: ThreatModel;
  claims: Claims;
  array: EvaluationArray;
};

async function verifyGroup(context: Context, from: number, to: number): Promise<VerifiedRecord[]> {
  const { model, samples, threat, claims } = context;
  const n = to - from;
  const x = await samples.readRows(from, n);
  const labels = samples.labels.subarray(from, to);
  const clean = await askTwice(model, x, labels);
  const rows = await lookAtGroup(context, x, labels, clean, from);
  return clean.map((answers, i) => {
    const row = rows[i];
    const position = from + i;
    const sample = samples.ids[position];
    const label = labels[i];
    if (!row || sample === undefined || label === undefined)
      throw new RangeError(`no sample at position ${position}`);
    const judgement = judge(claims.bySample.get(sample), { label, clean: answers, row });
    const cleanX = x.subarray(i * samples.size, (i + 1) * samples.size);
    return {
      sample,
      index: samples.indexes[position] ?? 0,
      label,
      ...cleanFields(answers, label, judgement),
      outcome: judgement.outcome,
      verdict: judgement.verdict,
      reason: judgement.reason,
      detail: judgement.detail,
      ...adversarialFields(judgement, row),
      worst_case: worstCaseDistance(cleanX, threat.norm, threat.bounds),
      claim_mismatch: judgement.claimMismatch,
    };
  });
}

async function lookAtGroup(
  { model, threat, array }: Context,
  x: Float32Array,
  labels: Int32Array,
  clean: TwoAnswers[],
  from: number,
): Promise<RowLook[]> {
  if (array instanceof NpyFileReader) {
    const rows = await array.readFloat32Rows(from, labels.length);
    return lookAtRows(model, threat, x, rows, labels, clean);
  }
  return clean.map(() => ({
    kind: "not",
    reason: "no-array",
    detail: array.problem,
    answers: null,
    measured: null,
  }));
}

/**
 * Models are used one sample at a time, so the answer alone is written down; of a sample that is so
 * close to another class that the batch decides, the answer that the verdict rests on.
 */
function cleanFields(
  { alone, batch }: TwoAnswers,
  label: number,
  { verdict, outcome }: Judgement,
): Pick<VerifiedRecord, "clean_pred" | "clean_margin"> {
  const fits = (outcome === "misclassified") === (alone.pred !== label);
  const { pred, margin: exact } = verdict !== "verified" || fits ? alone : batch;
  // A margin that is no number is written as none at all; clean_pred is -1 then.
  const margin = Number.isNaN(exact) ? 0 : exact;
  const largest = Number.MAX_VALUE;
  return {
    clean_pred: pred,
    clean_margin: Math.min(Math.max(margin, -largest), largest),
  };
}

/** Of a fooled sample its adversarial; of a rejected one what its row really is; else nothing. */
function adversarialFields(
  { verdict, outcome }: Judgement,
  row: RowLook,
): Pick<VerifiedRecord, "adv_pred" | "adv_margin" | keyof Distances> {
  const nothing = { adv_pred: null, adv_margin: null, l0: null, l1: null, l2: null, linf: null };
  const fooled = verdict === "verified" && outcome === "fooled";
  if (!fooled && verdict !== "rejected") return nothing;
  const alone = row.answers?.alone;
  return {
    ...nothing,
    ...(alone && { adv_pred: alone.pred, adv_margin: finiteOrNull(-alone.margin) }),
    ...(row.kind === "adversarial" ? row.distances : row.measured),
  };
}
