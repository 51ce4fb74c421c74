import { GauntletError } from "../../shared/errors.ts";
import type { SweepPreview } from "../../shared/views.ts";
import { describeSweep } from "../domain/sweep/expand.ts";
import { loadExperiment, resolveParameters } from "./experiments.ts";

/**
 * What submitting the sweep of a folder would run; nothing is noted or queued.
 * Throws SPEC_NOT_FOUND, SPEC_INVALID and what describeSweep throws.
 */
export async function previewSweep(folder: string): Promise<SweepPreview> {
  const { spec } = await loadExperiment(folder);
  if (!spec.sweep)
    throw new GauntletError("SPEC_INVALID", `The experiment ${spec.name} has no sweep.`, {
      hint: "Add sweep: { values: { PARAMETER: [...] } } to gauntlet.yaml.",
    });
  return describeSweep(spec.sweep, spec.parameters, resolveParameters(spec.parameters, {}));
}
