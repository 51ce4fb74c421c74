/** What an evaluation claims: its samples.jsonl, read as something that nobody vouches for. */
import { stat } from "node:fs/promises";
import type { SampleRecord } from "../../shared/schemas/samples.ts";
import { sampleRecordSchema } from "../../shared/schemas/samples.ts";
import { readLines } from "../lines.ts";

export type Claim =
  | { kind: "record"; record: SampleRecord }
  | { kind: "malformed"; detail: string }
  /** More than one line names the sample, so none can be taken at its word. */
  | { kind: "doubled" };

export type Claims = {
  bySample: Map<string, Claim>;
  /** Lines that name no sample: not JSON, too long, or without a `sample`. */
  badLines: number;
  /** Lines about samples that are not in the sample set. */
  unknownLines: number;
  /** Lines about samples that another line had named before. */
  doubledLines: number;
};

/**
 * Reads the claims about the samples of a set; a missing file claims nothing.
 * @param indexes the index of each sample of the set by its id
 */
export async function readClaims(
  path: string,
  indexes: ReadonlyMap<string, number>,
): Promise<Claims> {
  const claims: Claims = { bySample: new Map(), badLines: 0, unknownLines: 0, doubledLines: 0 };
  if (!(await isFile(path))) return claims;
  for await (const line of readLines(path)) {
    if (line?.trim() === "") continue;
    const value = line === null ? null : parseJson(line);
    const sample = line === null ? null : sampleOf(value, line);
    if (sample === null) {
      claims.badLines++;
      continue;
    }
    const index = indexes.get(sample);
    if (index === undefined) {
      claims.unknownLines++;
    } else if (claims.bySample.has(sample)) {
      claims.doubledLines++;
      claims.bySample.set(sample, { kind: "doubled" });
    } else {
      claims.bySample.set(sample, claimOf(value, index));
    }
  }
  return claims;
}

function claimOf(value: unknown, index: number): Claim {
  const parsed = sampleRecordSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.join(".") ?? "";
    return { kind: "malformed", detail: where ? `${where}: ${issue?.message}` : "not JSON" };
  }
  if (parsed.data.index !== index)
    return { kind: "malformed", detail: `index: ${parsed.data.index}, the sample's is ${index}` };
  return { kind: "record", record: parsed.data };
}

/** Python writes NaN and Infinity, which are no JSON; such a line still tells whom it is about. */
function sampleOf(value: unknown, line: string): string | null {
  if (value === undefined)
    return /^\s*\{.*"sample"\s*:\s*"([^"\\]{1,200})"/.exec(line)?.[1] ?? null;
  if (typeof value !== "object" || value === null || !("sample" in value)) return null;
  return typeof value.sample === "string" ? value.sample : null;
}

/** Undefined for text that is no JSON. */
function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // The caller counts the line.
  }
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isFile(),
    () => false,
  );
}
