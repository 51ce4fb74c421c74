import type { LeaderboardView, RobustnessMatrixView } from "../../../shared/views.ts";

export type Cell = RobustnessMatrixView["models"][number]["cells"][number];

export type ModelRow = {
  modelId: string;
  model: string;
  label: string;
  /** Null for a model that is not ranked. */
  ranked: LeaderboardView["ranked"][number] | null;
  /** Why it is not ranked. */
  reason: string | null;
  verified: number;
  needed: number;
  /** Under each of the board's threat models with an epsilon. */
  fixed: LeaderboardView["ranked"][number]["fixed"];
  /** In the order of the set's attacks. */
  cells: readonly Cell[];
  /** Index of the attack with the smallest median, the weakest gate, once all are verified. */
  weakest: number | null;
};

/** Leaderboard and matrix as one table: ranked models first, then the others. */
export function modelRows(board: LeaderboardView, matrix: RobustnessMatrixView): ModelRow[] {
  const cellsOf = new Map(matrix.models.map(({ modelId, cells }) => [modelId, cells]));
  const row = (
    facts: LeaderboardView["incomplete"][number] | LeaderboardView["ranked"][number],
  ) => {
    // With a choice of classes the matrix knows how far a cell is, the board what it comes to.
    const cells = (cellsOf.get(facts.modelId) ?? []).map((cell, index) => {
      const own = facts.perAttack.find(({ attack }) => attack === matrix.attacks[index]);
      return cell.state === "verified" && own ? { ...cell, median: own.median } : cell;
    });
    return {
      modelId: facts.modelId,
      model: facts.model,
      label: facts.label,
      ranked: "rank" in facts ? facts : null,
      reason: "reason" in facts ? facts.reason : null,
      verified: facts.verified,
      needed: facts.needed,
      fixed: facts.fixed,
      cells,
      weakest: weakestOf(cells),
    };
  };
  return [...board.ranked.map(row), ...board.incomplete.map(row)];
}

function weakestOf(cells: readonly Cell[]): number | null {
  // While one is open, it may still turn out weaker.
  if (cells.some(({ state }) => state !== "verified")) return null;
  let weakest: number | null = null;
  cells.forEach(({ median }, index) => {
    const least = weakest === null ? Infinity : (cells[weakest]?.median ?? Infinity);
    if (median !== null && median < least) weakest = index;
  });
  return weakest;
}

const steps = 9;

/** The step of the ramp for a distance, by its square root; `largest` takes the last one. */
export function rampStep(distance: number, largest: number): number {
  if (largest <= 0) return 0;
  return Math.max(0, Math.min(steps - 1, Math.floor(Math.sqrt(distance / largest) * steps)));
}

/** Where each step of the ramp begins. */
export function rampBounds(largest: number): number[] {
  return Array.from({ length: steps }, (_, step) => (step / steps) ** 2 * largest);
}

/** The largest median of all cells. */
export function largestMedian(rows: readonly ModelRow[]): number {
  return rows.reduce(
    (most, { cells }) => cells.reduce((max, { median }) => Math.max(max, median ?? 0), most),
    0,
  );
}

/** Cells of which there is no evaluation, or one that did not end well. */
export function missingCells(rows: readonly ModelRow[]): number {
  return rows.reduce(
    (sum, { cells }) =>
      sum + cells.filter(({ state }) => ["absent", "failed", "cancelled"].includes(state)).length,
    0,
  );
}
