import { GauntletError } from "../../shared/errors.ts";
import { checkSeed } from "../../shared/parameter-values.ts";
import type { ParameterValue } from "../../shared/schemas/scalars.ts";

export type GridPoint = {
  parameters: Record<string, ParameterValue>;
  seed: number;
  /** Tells this point from the others of its grid, by what differs; empty for a single point. */
  label: string;
  /** Canonical text of parameters and seed: the same point always has the same key. */
  key: string;
};

/** A grid with more points is a mistake: its runs could not even be listed. */
const mostPoints = 100_000;

/**
 * Every combination of a sweep's values over the defaults, the last named value varying fastest.
 * `values` may hold `seed`, which is 0 where it does not; a value that is named twice makes no
 * second point. Throws SPEC_INVALID over 100,000 points and PARAMETER_INVALID for what is no seed.
 */
export function expandGrid(
  values: Readonly<Record<string, readonly ParameterValue[]>>,
  defaults: Readonly<Record<string, ParameterValue>>,
): GridPoint[] {
  const dimensions = Object.entries(values).map(([name, list]): [string, ParameterValue[]] => [
    name,
    [...new Set(list)],
  ]);
  const count = dimensions.reduce((product, [, list]) => product * list.length, 1);
  if (count > mostPoints)
    throw new GauntletError("SPEC_INVALID", `The grid has ${count} points.`, {
      hint: `Name fewer values: a sweep has at most ${mostPoints} points.`,
    });
  let combinations: Record<string, ParameterValue>[] = [{}];
  for (const [name, list] of dimensions)
    combinations = combinations.flatMap((point) =>
      list.map((value) => ({ ...point, [name]: value })),
    );
  const varying = dimensions.flatMap(([name, list]) => (list.length > 1 ? [name] : []));
  return combinations.map((combination) => {
    const { seed: given = 0, ...swept } = combination;
    const seed = readSeed(given);
    const parameters = { ...defaults, ...swept };
    return {
      parameters,
      seed,
      label: varying.map((name) => `${name}=${labelText(combination[name])}`).join(" "),
      key: pointKey(parameters, seed),
    };
  });
}

function readSeed(value: ParameterValue): number {
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

function pointKey(parameters: Record<string, ParameterValue>, seed: number): string {
  const sorted = Object.entries(parameters).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([sorted, seed]);
}
