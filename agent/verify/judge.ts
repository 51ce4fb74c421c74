/** The rules by which a claim about one sample is verified or rejected. Pure. */
import type { Distances } from "../../core/domain/distance.ts";
import type { Outcome, Rejection, SampleRecord } from "../../shared/schemas/samples.ts";
import type { Claim } from "./claims.ts";
import type { RowLook, TwoAnswers } from "./look.ts";
import { isMarginal } from "./look.ts";

/** Claimed distances may differ from real ones by this share of them, or of 1. */
const distanceTolerance = 1e-4;

export type Judgement = {
  verdict: "verified" | "rejected" | "missing";
  outcome: Outcome | null;
  reason: Rejection | null;
  detail: string | null;
  claimMismatch: boolean;
};

/** What is known of one sample, from the dataset, the model and the evaluation's array. */
export type Evidence = {
  label: number;
  clean: TwoAnswers;
  row: RowLook;
};

/**
 * Judges a claim. Rejected is what the model or the dataset contradicts; an adversarial that holds is
 * taken whatever was claimed beside it, with what differs in `detail`.
 */
export function judge(claim: Claim | undefined, evidence: Evidence): Judgement {
  if (!claim) return missing(null, null);
  if (claim.kind === "malformed") return rejected(null, "malformed", claim.detail);
  if (claim.kind === "doubled") return rejected(null, "doubled", "several lines name this sample");
  const { record } = claim;
  if (record.outcome === "error") return missing("error", record.error ?? null);
  return {
    ...judgeRecord(record, evidence),
    claimMismatch: record.outcome === "fooled" && distancesDiffer(record, evidence.row.measured),
  };
}

function judgeRecord(record: SampleRecord, { label, clean, row }: Evidence): Judgement {
  const { outcome, clean_pred: cleanPred } = record;
  if (record.label !== label)
    return rejected(outcome, "claimed-label-wrong", `claimed ${record.label}, it is ${label}`);
  const { batch, alone } = clean;
  if (batch.pred !== alone.pred && !isMarginal(clean))
    return rejected(
      outcome,
      "unstable-prediction",
      `of the clean sample the model says ${alone.pred} alone and ${batch.pred} in a batch`,
    );
  // Either answer will do where a margin is within rounding.
  if (cleanPred !== batch.pred && cleanPred !== alone.pred)
    return rejected(
      outcome,
      "clean-prediction-differs",
      `claimed ${cleanPred}, the model says ${alone.pred}`,
    );
  if (cleanPred !== label)
    return verified("misclassified", cleanPred === -1 ? "the model's answer is not finite" : null);
  if (outcome === "misclassified")
    return rejected(
      outcome,
      "clean-prediction-differs",
      `claimed to be misclassified, the model says ${cleanPred}, which is right`,
    );
  if (row.kind === "adversarial") return verified("fooled", remark(record, row.answers));
  if (outcome === "fooled" || row.reason === "no-array")
    return rejected(outcome, row.reason, row.detail);
  return verified(outcome, null);
}

/** What an adversarial that holds differs in from its claim. */
function remark(record: SampleRecord, { alone }: TwoAnswers): string | null {
  if (record.outcome !== "fooled")
    return `claimed ${record.outcome}, but the array fools the model`;
  if (record.adv_pred === null || record.adv_pred === alone.pred) return null;
  return `claimed class ${record.adv_pred}, the model says ${alone.pred}`;
}

function distancesDiffer(record: SampleRecord, real: Distances | null): boolean {
  if (!real) return false;
  return (["l0", "l1", "l2", "linf"] as const).some((norm) => {
    const claimed = record[norm];
    return (
      claimed !== null &&
      Math.abs(claimed - real[norm]) > distanceTolerance * Math.max(1, real[norm])
    );
  });
}

function verified(outcome: Outcome, detail: string | null): Judgement {
  return { verdict: "verified", outcome, reason: null, detail, claimMismatch: false };
}

function rejected(outcome: Outcome | null, reason: Rejection, detail: string): Judgement {
  return { verdict: "rejected", outcome, reason, detail, claimMismatch: false };
}

function missing(outcome: Outcome | null, detail: string | null): Judgement {
  return { verdict: "missing", outcome, reason: null, detail, claimMismatch: false };
}
