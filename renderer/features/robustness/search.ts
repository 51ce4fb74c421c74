/** What of the robustness page stands in its address. */
export type RobustnessSearch = { set?: string };

export function readRobustnessSearch(search: Record<string, unknown>): RobustnessSearch {
  return { set: typeof search["set"] === "string" ? search["set"] : undefined };
}
