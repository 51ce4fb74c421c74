import type { LeaderboardView, ModelView } from "../../../shared/views.ts";

export type ModelRow = ModelView & {
  /** Under the active set and the threat model that most evaluations are under. */
  ranked: LeaderboardView["ranked"][number] | null;
  /** Why there is no score; null where there is one or nothing was evaluated. */
  reason: string | null;
};

/** Models with their scores, of those whose name, label or dataset holds `find`, in order. */
export function modelRows(
  models: readonly ModelView[],
  board: LeaderboardView | undefined,
  { find, sort }: { find: string; sort: string },
): ModelRow[] {
  const ranked = new Map(board?.ranked.map((row) => [row.modelId, row]));
  const reasons = new Map(board?.incomplete.map(({ modelId, reason }) => [modelId, reason]));
  const wanted = find.toLowerCase();
  const rows = models
    .filter(({ name, label, dataset }) =>
      [name, label, dataset ?? ""].some((text) => text.toLowerCase().includes(wanted)),
    )
    .map((model): ModelRow => ({
      ...model,
      ranked: ranked.get(model.id) ?? null,
      reason: reasons.get(model.id) ?? null,
    }));
  const descending = sort.startsWith("-");
  const key = sort.replace(/^-/, "");
  return rows.sort((a, b) => {
    const [left, right] = [valueOf(a, key), valueOf(b, key)];
    // What has no value stands last either way.
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    return (left < right ? -1 : left > right ? 1 : 0) * (descending ? -1 : 1);
  });
}

function valueOf(row: ModelRow, key: string): string | number | null {
  switch (key) {
    case "name":
      return row.name;
    case "label":
      return row.label;
    case "dataset":
      return row.dataset;
    case "size":
      return row.size;
    case "verified":
      return row.verified;
    case "score":
      return row.ranked?.score ?? null;
    default:
      return row.createdAt;
  }
}
