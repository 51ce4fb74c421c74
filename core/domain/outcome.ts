import type { SampleRecord, VerifiedRecord } from "../../shared/schemas/samples.ts";

/** One attacked sample: what the model itself said, beside what the evaluation claimed. */
export type OutcomeRow = {
  verified: VerifiedRecord;
  /** Null where the evaluation left no readable record. */
  claim: SampleRecord | null;
};
