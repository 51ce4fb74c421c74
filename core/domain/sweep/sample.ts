import { GauntletError } from "../../../shared/errors.ts";
import { mostCells, type Parameter, type Sweep } from "../../../shared/schemas/experiment.ts";
import type { ParameterValue } from "../../../shared/schemas/scalars.ts";
import { checkSampled, sampledNames } from "../../../shared/sweep-checks.ts";
import { textSeed, uniformGenerator } from "../seed.ts";
import {
  declaredDimension,
  type Dimension,
  finestBits,
  listDimension,
  type Position,
} from "./dimension.ts";
import { pointMaker, readSeed, type SweepPoint } from "./point.ts";
import { directionNumbers, mostSobolDimensions, owenScramble, sobolCoordinate } from "./sobol.ts";

/** Rounding is at least as fine as 2^9 steps over a range: about three digits. */
const coarsestBits = 9;
/** Points are told apart by steps 2^4 times finer than their number alone would need. */
const spareBits = 4;

/**
 * The points of a random or Sobol sweep, each with every seed. A point depends on nothing but its
 * number, the sampler's seed and the parameters' names and ranges, never on how many are asked for.
 * What equals an earlier point makes none; `duplicates` counts these.
 *
 * Floats are rounded to the shortest decimals that tell a point from those before it: steps of a
 * power of ten, at most 1/512 of the range (for a log scale, of its logarithm) and 1/16 of the mean
 * distance of the points so far. That is three to four significant digits for the first 32 points
 * and one more for each tenfold number.
 *
 * Throws SPEC_INVALID for what cannot be sampled and for more than 100,000 cells, PARAMETER_INVALID
 * for what is no seed.
 */
export function samplePoints(
  sweep: Sweep,
  declared: Readonly<Record<string, Parameter>>,
  defaults: Readonly<Record<string, ParameterValue>>,
): { points: SweepPoint[]; duplicates: number } {
  const { samples } = sweep;
  if (samples === undefined)
    throw new GauntletError("SPEC_INVALID", `A ${sweep.method} sweep needs samples.`, {
      hint: "Say how many points to draw, such as samples: 32.",
    });
  const seeds = [...new Set(sweep.values["seed"] ?? [0])].map(readSeed);
  if (samples * seeds.length > mostCells)
    throw new GauntletError("SPEC_INVALID", `The sweep has ${samples * seeds.length} cells.`, {
      hint: `Ask for fewer samples or seeds: a sweep has at most ${mostCells} cells.`,
    });
  const dimensions = sampledNames(sweep).map((name) => dimensionOf(name, sweep, declared));
  const varying = dimensions.flatMap(({ name, varies }) => (varies ? [name] : []));
  if (seeds.length > 1) varying.push("seed");
  const drawn = drawDistinct(dimensions, positionsOf(sweep, dimensions), samples);
  const names = [...Object.keys(defaults), ...dimensions.map(({ name }) => name)];
  const makePoint = pointMaker([...new Set(names)], varying);
  return {
    points: drawn.points.flatMap((point) => {
      const parameters = { ...defaults, ...point };
      return seeds.map((seed) => makePoint(parameters, seed));
    }),
    duplicates: drawn.duplicates,
  };
}

function dimensionOf(
  name: string,
  sweep: Sweep,
  declared: Readonly<Record<string, Parameter>>,
): Dimension {
  const values = Object.hasOwn(sweep.values, name) ? sweep.values[name] : undefined;
  if (values) return listDimension(name, [...new Set(values)]);
  const parameter = Object.hasOwn(declared, name) ? declared[name] : undefined;
  if (!parameter) throw new GauntletError("PARAMETER_UNKNOWN", `No parameter is named ${name}.`);
  const finding = checkSampled(parameter);
  if (finding)
    throw new GauntletError("SPEC_INVALID", `${name} cannot be sampled: ${finding.message}.`, {
      hint: finding.suggestion ?? undefined,
    });
  return declaredDimension(name, parameter);
}

/** Gives the positions of one point after the other, one for each dimension. */
function positionsOf(
  sweep: Sweep,
  dimensions: readonly Dimension[],
): (index: number) => Position[] {
  // By name, so that a parameter keeps its numbers when others are added or moved.
  const seeds = dimensions.map(({ name }) => textSeed(`${sweep.sampler_seed}\0${name}`));
  if (sweep.method === "random") {
    const generators = seeds.map(uniformGenerator);
    return () => generators.map((uniform) => uniform() * 2 ** 32);
  }
  if (dimensions.length > mostSobolDimensions)
    throw new GauntletError(
      "SPEC_INVALID",
      `A sobol sweep varies at most ${mostSobolDimensions} parameters, not ${dimensions.length}.`,
      { hint: "Use method: random, or vary fewer parameters." },
    );
  const directions = dimensions.map((_, d) => directionNumbers(d));
  return (index) =>
    directions.map((v, d) => owenScramble(sobolCoordinate(v, index), seeds[d] ?? 0));
}

type Point = Record<string, ParameterValue>;

/** Rounds each point as coarsely as its predecessors allow, and leaves out what they hold already. */
function drawDistinct(
  dimensions: readonly Dimension[],
  positionsAt: (index: number) => Position[],
  samples: number,
): { points: Point[]; duplicates: number } {
  const points: Point[] = [];
  const known = new Set<string>();
  const canBeFiner = dimensions.some(({ isRounded }) => isRounded);
  for (let index = 0; index < samples; index++) {
    const positions = positionsAt(index);
    const pointBits = 32 - Math.clz32(index);
    for (let bits = Math.max(coarsestBits, pointBits + spareBits); ; bits += spareBits) {
      const point = pointAt(dimensions, positions, Math.min(bits, finestBits));
      const key = JSON.stringify(point);
      if (!known.has(key)) {
        known.add(key);
        points.push(point);
        break;
      }
      if (!canBeFiner || bits >= finestBits) break;
    }
  }
  return { points, duplicates: samples - points.length };
}

function pointAt(
  dimensions: readonly Dimension[],
  positions: readonly Position[],
  bits: number,
): Point {
  const point: Point = {};
  dimensions.forEach(({ name, valueAt }, d) => {
    point[name] = valueAt(positions[d] ?? 0, bits);
  });
  return point;
}
