import type { Parameter, Sweep } from "../../../shared/schemas/experiment.ts";
import type { ParameterValue } from "../../../shared/schemas/scalars.ts";
import { expandGrid } from "./grid.ts";
import type { SweepPoint } from "./point.ts";
import { samplePoints } from "./sample.ts";

/**
 * The cells of a sweep, in a fixed order: for a grid every combination of the values, for random
 * and Sobol sweeps every point with every seed, where more samples only append.
 * @param declared the experiment's parameters
 * @param defaults a value for each of them, which a sweep's own values replace
 * @throws SPEC_INVALID over 100,000 cells and for what cannot be sampled, PARAMETER_INVALID for what
 *   is no seed
 */
export function expandSweep(
  sweep: Sweep,
  declared: Readonly<Record<string, Parameter>>,
  defaults: Readonly<Record<string, ParameterValue>>,
): SweepPoint[] {
  return expand(sweep, declared, defaults).points;
}

export type SweepDescription = {
  method: Sweep["method"];
  /** Different points of the parameter space; `cells` is this times `seeds`. */
  points: number;
  seeds: number;
  cells: number;
  /** Points that were left out because an earlier one is the same. */
  duplicates: number;
  first: SweepPoint;
  last: SweepPoint;
  /** What would make the sweep better; null where there is nothing to say. */
  advice: string | null;
};

/** What a sweep would run, before anything is launched. Throws what expandSweep throws. */
export function describeSweep(
  sweep: Sweep,
  declared: Readonly<Record<string, Parameter>>,
  defaults: Readonly<Record<string, ParameterValue>>,
): SweepDescription {
  const { points, duplicates } = expand(sweep, declared, defaults);
  const first = points[0];
  const last = points.at(-1);
  if (!first || !last) throw new Error("a sweep has no point");
  const seeds = new Set(sweep.values["seed"] ?? [0]).size;
  return {
    method: sweep.method,
    points: points.length / seeds,
    seeds,
    cells: points.length,
    duplicates,
    first,
    last,
    advice: adviceFor(sweep),
  };
}

function expand(
  sweep: Sweep,
  declared: Readonly<Record<string, Parameter>>,
  defaults: Readonly<Record<string, ParameterValue>>,
): { points: SweepPoint[]; duplicates: number } {
  if (sweep.method !== "grid") return samplePoints(sweep, declared, defaults);
  const { seed = [], ...values } = sweep.values;
  const points = expandGrid(sweep.values, defaults);
  const named = Object.values(values).reduce((product, list) => product * list.length, 1);
  return { points, duplicates: named - points.length / Math.max(1, new Set(seed).size) };
}

/** Sobol points fill the space evenly at each power of two, and in between only nearly so. */
function adviceFor({ method, samples = 1 }: Sweep): string | null {
  const lower = 2 ** (31 - Math.clz32(samples));
  if (method !== "sobol" || samples === lower) return null;
  return `Sobol points are spread most evenly at powers of two: samples: ${lower} or ${2 * lower}.`;
}
