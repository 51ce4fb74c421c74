import type { SweepView } from "../../../shared/views.ts";

export type Counts = SweepView["counts"];
export type CellState = keyof Counts;

/** In the order in which a cell goes through them. */
export const cellStates = [
  "succeeded",
  "running",
  "queued",
  "failed",
  "cancelled",
  "open",
] as const satisfies readonly CellState[];

/** How many cells a sweep has. */
export function cellsOf(counts: Counts): number {
  return cellStates.reduce((sum, state) => sum + counts[state], 0);
}

/** Cells that running a sweep again runs: those without a run that succeeded or is under way. */
export function unsettledOf({ failed, cancelled, open }: Counts): number {
  return failed + cancelled + open;
}

/** The button's words: `Re-run 3 failed`, `Run 2 open`, `Re-run 5 failed, cancelled or open`. */
export function rerunText(counts: Counts): string {
  const states = (["failed", "cancelled", "open"] as const).filter((state) => counts[state] > 0);
  const [last, ...before] = states.toReversed();
  const words = [before.toReversed().join(", "), last].filter(Boolean).join(" or ");
  const verb = last === "open" && before.length === 0 ? "Run" : "Re-run";
  return `${verb} ${unsettledOf(counts).toLocaleString("en-US")} ${words}`;
}
