/** What a `command` attack says about its samples, in its own samples.jsonl. */
import { access } from "node:fs/promises";
import { z } from "zod";
import { sampleRecordSchema } from "../../shared/schemas/samples.ts";
import { readLines } from "../lines.ts";

/**
 * The statements an attack may make. What only the gate can know (forwards, backwards, silent, the
 * seed) is not the attack's to say.
 */
const claimSchema = sampleRecordSchema
  .pick({
    label: true,
    clean_pred: true,
    clean_margin: true,
    outcome: true,
    adv_pred: true,
    adv_margin: true,
    l0: true,
    l1: true,
    l2: true,
    linf: true,
    start_l2: true,
    reproducible: true,
    error: true,
  })
  .partial()
  .extend({ sample: z.string() });
export type Claim = Omit<z.infer<typeof claimSchema>, "sample">;

export type Claims = {
  bySample: Map<string, Claim>;
  /** Lines that are no claim, and lines about samples that were not attacked. */
  badLines: number;
  unknownLines: number;
};

/** Reads the claims of a file that may be missing; of several lines on a sample the last counts. */
export async function readClaims(path: string, samples: ReadonlySet<string>): Promise<Claims> {
  const claims: Claims = { bySample: new Map(), badLines: 0, unknownLines: 0 };
  if (!(await exists(path))) return claims;
  for await (const line of readLines(path)) {
    if (line?.trim() === "") continue;
    const parsed = claimSchema.safeParse(line === null ? null : parseJson(line));
    if (!parsed.success) {
      claims.badLines++;
      continue;
    }
    const { sample, ...claim } = parsed.data;
    if (samples.has(sample)) claims.bySample.set(sample, claim);
    else claims.unknownLines++;
  }
  return claims;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null; // Counted as a bad line.
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
