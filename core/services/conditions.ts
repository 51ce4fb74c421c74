/** What holds up jobs without being a failure, told of the runs and evaluations that they are of. */
import type { Engine } from "../engine/engine.ts";
import type { CoreContext } from "./context.ts";

type Context = { catalog: CoreContext["catalog"]; engine: Pick<Engine, "troubles"> };

/** What just failed, by the run or evaluation: known even when the catalog's disk is full. */
export function troublesOf({ catalog, engine }: Context): Map<string, string> {
  return new Map(
    [...engine.troubles()].map(([id, why]) => {
      const job = catalog.jobs.get(id);
      return [job?.runId ?? job?.evaluationId ?? "", why];
    }),
  );
}

/** Conditions by the run or evaluation; of those that have none, nothing. */
export function conditionsOf(context: Context, ids: readonly string[]): Map<string, string> {
  return new Map([...context.catalog.jobs.conditions(ids), ...troublesOf(context)]);
}
