import type { Database } from "better-sqlite3";
import { sampleId } from "../../shared/schemas/dataset.ts";
import type { SampleSet } from "../../shared/schemas/run-folder.ts";
import type { Norm } from "../../shared/schemas/threat-model.ts";
import type { SampleOrder } from "../domain/outcome-columns.ts";
import { fromJson } from "./json.ts";

/** What packing needs of a threat model. */
export type SamplesUnderThreat = SampleOrder & { norm: Norm; minimal: boolean };

const keptLimit = 16;

/** Looks threat models up and keeps a few: their content never changes, for the id is its hash. */
export function createSampleOrders(db: Database): (threatModelId: string) => SamplesUnderThreat {
  const select = db.prepare<[string], { norm: Norm; minimal: number; sample_set_json: string }>(
    "SELECT norm, minimal, sample_set_json FROM threat_model WHERE id = ?",
  );
  const kept = new Map<string, SamplesUnderThreat>();
  return (threatModelId) => {
    const known = kept.get(threatModelId);
    if (known) return known;
    const row = select.get(threatModelId);
    if (!row) throw new Error(`no threat model ${threatModelId}`);
    const { split, indexes } = fromJson<SampleSet>(row.sample_set_json);
    const ids = indexes.map((index) => sampleId(split, index));
    const order = {
      norm: row.norm,
      minimal: row.minimal === 1,
      ids,
      positionOf: new Map(ids.map((id, position) => [id, position])),
    };
    const [oldest] = kept.keys();
    if (kept.size >= keptLimit && oldest !== undefined) kept.delete(oldest);
    kept.set(threatModelId, order);
    return order;
  };
}
