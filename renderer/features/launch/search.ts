export type LaunchTab = "run" | "sweep";

/** What of the launch page stands in its address. */
export type LaunchSearch = { folder?: string; tab?: LaunchTab };

export function readLaunchSearch(search: Record<string, unknown>): LaunchSearch {
  const { folder, tab } = search;
  return {
    folder: typeof folder === "string" && folder ? folder : undefined,
    tab: tab === "sweep" ? tab : undefined,
  };
}
