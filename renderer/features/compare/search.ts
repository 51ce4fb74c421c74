export const compareTabs = ["curves", "values", "scatter", "parallel", "code"] as const;
export type CompareTab = (typeof compareTabs)[number];

/** What of the compare page stands in its address. */
export type CompareSearch = {
  /** Ids, in their order. */
  runs?: string[];
  tab?: CompareTab;
};

/** The core compares no more at once. */
export const mostCompared = 100;

export function readCompareSearch(search: Record<string, unknown>): CompareSearch {
  const { runs, tab } = search;
  const ids = Array.isArray(runs)
    ? runs.filter((id): id is string => typeof id === "string" && id !== "")
    : [];
  const unique = [...new Set(ids)].slice(0, mostCompared);
  return {
    runs: unique.length > 0 ? unique : undefined,
    tab: compareTabs.find((known) => known === tab && known !== "curves"),
  };
}
