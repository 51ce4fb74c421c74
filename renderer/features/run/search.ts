export const runTabs = ["overview", "log", "resources", "files", "attempts"] as const;
export type RunTab = (typeof runTabs)[number];

/** What of a run's page stands in its address. */
export type RunSearch = { tab?: RunTab };

export function readRunSearch(search: Record<string, unknown>): RunSearch {
  return { tab: runTabs.find((tab) => tab === search["tab"]) };
}
