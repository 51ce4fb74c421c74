import type { Progress } from "../../shared/views.ts";
import type { Engine } from "../engine/engine.ts";
import { troublesOf } from "./conditions.ts";
import type { CoreContext } from "./context.ts";
import { fillSweeps, type WaitingSweep } from "./sweeps.ts";

const underWay = ["queued", "running", "attacking", "verifying"];

/** How far runs are, with the evaluations of their models, and further evaluations. */
export function progressOf(
  { catalog, engine }: { catalog: CoreContext["catalog"]; engine: Pick<Engine, "troubles"> },
  asked: { runs: string[]; evaluations: string[]; since: number | null; troubled: string[] },
): Progress {
  // On a full disk a trouble is known here alone: it makes no event when it comes or goes.
  const troubles = troublesOf({ catalog, engine });
  const also = [...troubles.keys(), ...asked.troubled];
  const progress = catalog.progress.of({ ...asked, also });
  const withTrouble = <T extends { id: string; condition: string | null }>(row: T): T => ({
    ...row,
    condition: troubles.get(row.id) ?? row.condition,
  });
  const states = [progress.counts.runs, progress.counts.evaluations].flatMap(Object.keys);
  return {
    ...progress,
    runs: progress.runs.map(withTrouble),
    evaluations: progress.evaluations.map(withTrouble),
    done: !states.some((state) => underWay.includes(state)),
  };
}

/** Lets queued jobs start, and says which runs and evaluations have not ended, and which sweeps wait. */
export async function resume(
  context: CoreContext,
): Promise<{ runs: string[]; evaluations: string[]; waiting: WaitingSweep[] }> {
  const waiting = await fillSweeps(context);
  context.engine.setWorking(true);
  const { runs, evaluations } = context.catalog;
  return { runs: runs.unfinished(), evaluations: evaluations.unfinished(), waiting };
}
