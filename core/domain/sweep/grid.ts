import { GauntletError } from "../../../shared/errors.ts";
import { mostCells } from "../../../shared/schemas/experiment.ts";
import type { ParameterValue } from "../../../shared/schemas/scalars.ts";
import { pointMaker, readSeed, type SweepPoint } from "./point.ts";

/**
 * Every combination of a sweep's values over the defaults, the last named value varying fastest.
 * `values` may hold `seed`, which is 0 where it does not; a value that is named twice makes no
 * second point. Throws SPEC_INVALID over 100,000 points and PARAMETER_INVALID for what is no seed.
 */
export function expandGrid(
  values: Readonly<Record<string, readonly ParameterValue[]>>,
  defaults: Readonly<Record<string, ParameterValue>>,
): SweepPoint[] {
  const dimensions = Object.entries(values).map(([name, list]): [string, ParameterValue[]] => [
    name,
    [...new Set(list)],
  ]);
  const count = dimensions.reduce((product, [, list]) => product * list.length, 1);
  if (count > mostCells)
    throw new GauntletError("SPEC_INVALID", `The grid has ${count} points.`, {
      hint: `Name fewer values: a sweep has at most ${mostCells} points.`,
    });
  let combinations: Record<string, ParameterValue>[] = [{}];
  for (const [name, list] of dimensions)
    combinations = combinations.flatMap((point) =>
      list.map((value) => ({ ...point, [name]: value })),
    );
  const varying = dimensions.flatMap(([name, list]) => (list.length > 1 ? [name] : []));
  const names = Object.keys({ ...defaults, ...values }).filter((name) => name !== "seed");
  const makePoint = pointMaker(names, varying);
  return combinations.map((combination) => {
    const { seed = 0, ...swept } = combination;
    return makePoint({ ...defaults, ...swept }, readSeed(seed));
  });
}
