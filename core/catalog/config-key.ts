import { createHash } from "node:crypto";
import type { ParameterValue } from "../../shared/schemas/scalars.ts";

/**
 * The same text for runs that differ only by seed: 32 hexadecimal letters of the SHA-256 of the
 * experiment's id and the parameters, sorted by name.
 */
export function configKey(
  experimentId: string,
  parameters: Readonly<Record<string, ParameterValue>>,
): string {
  const sorted = Object.entries(parameters).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify([experimentId, sorted]);
  return createHash("sha256").update(text).digest("hex").slice(0, 32).toUpperCase();
}
