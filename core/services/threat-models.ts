import { GauntletError } from "../../shared/errors.ts";
import type { LeaderboardView } from "../../shared/views.ts";
import type { CatalogThreatModel } from "../catalog/evaluations.ts";
import type { CoreContext } from "./context.ts";

/**
 * A threat model by id. For null the one that most evaluations are under, for results under
 * different ones are never compared, and one of smallest distances before those with an epsilon,
 * which give no score; undefined when there is none. Throws THREAT_MODEL_NOT_FOUND.
 */
export function chosenThreatModel(
  { catalog }: Pick<CoreContext, "catalog">,
  id: string | null,
): CatalogThreatModel | undefined {
  const used = catalog.evaluations.threatModelUse();
  const chosen = id === null ? used[0]?.id : used.find((use) => use.id === id)?.id;
  if (chosen !== undefined) return catalog.evaluations.threatModel(chosen);
  if (id === null) return undefined;
  throw new GauntletError("THREAT_MODEL_NOT_FOUND", `Nothing was evaluated under ${id}.`);
}

export function threatModelView(
  { catalog }: Pick<CoreContext, "catalog">,
  { id, threat, sampleSet, datasetId }: CatalogThreatModel,
): NonNullable<LeaderboardView["threatModel"]> {
  return {
    id,
    norm: threat.norm,
    minimal: threat.minimal,
    epsilon: threat.epsilon ?? null,
    bounds: threat.bounds,
    queries: threat.queries ?? null,
    dataset: catalog.datasets.get(datasetId).name,
    split: sampleSet.split,
    samples: sampleSet.indexes.length,
  };
}
