import type { ParameterValue } from "../../shared/schemas/scalars.ts";

export type GridPoint = {
  parameters: Record<string, ParameterValue>;
  seed: number;
  /** Tells this point from the others of its grid, by what differs; empty for a single point. */
  label: string;
  /** Canonical text of parameters and seed: the same point always has the same key. */
  key: string;
};

/**
 * Every combination of a sweep's values over the defaults, the last named value varying fastest.
 * `values` may hold `seed`, which is 0 where it does not.
 */
export function expandGrid(
  values: Readonly<Record<string, readonly ParameterValue[]>>,
  defaults: Readonly<Record<string, ParameterValue>>,
): GridPoint[] {
  let combinations: Record<string, ParameterValue>[] = [{}];
  for (const [name, list] of Object.entries(values))
    combinations = combinations.flatMap((point) => list.map((value) => ({ ...point, [name]: value })));
  const varying = Object.keys(values).filter((name) => (values[name]?.length ?? 0) > 1);
  return combinations.map((combination) => {
    const { seed = 0, ...swept } = combination;
    const parameters = { ...defaults, ...swept };
    return {
      parameters,
      seed: Number(seed),
      label: varying.map((name) => `${name}=${String(combination[name])}`).join(" "),
      key: pointKey(parameters, Number(seed)),
    };
  });
}

function pointKey(parameters: Record<string, ParameterValue>, seed: number): string {
  const sorted = Object.entries(parameters).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([sorted, seed]);
}
