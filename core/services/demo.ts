import { join } from "node:path";
import type { CoreContext } from "./context.ts";
import { submitSweep, type SweepResult } from "./sweeps.ts";

/** Submits the sweep of the digits kit: four models of real digits through five attacks. */
export function startDemo(context: CoreContext): Promise<SweepResult> {
  const folder = join(context.folders.installation, "resources", "kits", "digits");
  return submitSweep(context, {
    folder,
    evaluate: true,
    again: false,
    separate: false,
    priority: 0,
  });
}
