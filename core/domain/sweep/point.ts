import { GauntletError } from "../../../shared/errors.ts";
import { checkSeed } from "../../../shared/parameter-values.ts";
import type { ParameterValue } from "../../../shared/schemas/scalars.ts";

/** A point of a parameter space with a seed: what one cell of a sweep runs. */
export type SweepPoint = {
  /** Values of all declared parameters. */
  parameters: Record<string, ParameterValue>;
  seed: number;
  /** Tells this point from the others of its sweep, by what differs; empty for a single point. */
  label: string;
  /** Canonical text of parameters and seed: the same point always has the same key. */
  key: string;
};

/**
 * Makes the points of one sweep.
 * @param names every parameter, in any order
 * @param varying names that the label shows, in this order; `seed` may be one of them
 */
export function pointMaker(
  names: readonly string[],
  varying: readonly string[],
): (parameters: Record<string, ParameterValue>, seed: number) => SweepPoint {
  // Sorted once: a sweep has up to 100,000 points.
  const sorted = names.toSorted();
  return (parameters, seed) => ({
    parameters,
    seed,
    label: varying
      .map((name) => `${name}=${labelText(name === "seed" ? seed : parameters[name])}`)
      .join(" "),
    key: JSON.stringify([sorted.map((name) => [name, parameters[name]]), seed]),
  });
}

/** Throws PARAMETER_INVALID for what is no seed. */
export function readSeed(value: ParameterValue): number {
  const finding = checkSeed(value);
  if (finding || typeof value !== "number")
    throw new GauntletError("PARAMETER_INVALID", `seed: ${finding?.message ?? "no number"}.`);
  return value;
}

/** Text in quotes where it could be taken for something else, so that no two labels are alike. */
function labelText(value: ParameterValue | undefined): string {
  if (typeof value !== "string") return String(value);
  const isPlain = /^[A-Za-z_./][\w./+-]*$/.test(value) && value !== "true" && value !== "false";
  return isPlain ? value : JSON.stringify(value);
}
