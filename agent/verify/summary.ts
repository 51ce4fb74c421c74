import type { VerifiedRecord } from "../../shared/schemas/samples.ts";
import type { Claims } from "./claims.ts";

/** The contents of a verify job's `out/summary.json`: numbers by name. */
export function summaryOf(records: VerifiedRecord[], claims: Claims): Record<string, number> {
  const count = (test: (record: VerifiedRecord) => boolean) => records.filter(test).length;
  const summary: Record<string, number> = {
    samples: records.length,
    verified: count(({ verdict }) => verdict === "verified"),
    rejected: count(({ verdict }) => verdict === "rejected"),
    missing: count(({ verdict }) => verdict === "missing"),
    fooled: count(({ verdict, outcome }) => verdict === "verified" && outcome === "fooled"),
    claim_mismatches: count((record) => record.claim_mismatch),
    unknown_lines: claims.unknownLines,
    doubled_lines: claims.doubledLines,
    bad_lines: claims.badLines,
  };
  for (const { reason } of records) {
    if (reason !== null) summary[`rejected/${reason}`] = (summary[`rejected/${reason}`] ?? 0) + 1;
  }
  return summary;
}
