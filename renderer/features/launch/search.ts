export type LaunchTab = "run" | "sweep";

/** What of the launch page stands in its address. */
export type LaunchSearch = {
  folder?: string;
  tab?: LaunchTab;
  /** Values to begin with instead of the file's own, as typed. */
  values?: Record<string, string>;
  seed?: string;
};

export function readLaunchSearch(search: Record<string, unknown>): LaunchSearch {
  const { folder, tab } = search;
  return {
    folder: typeof folder === "string" && folder ? folder : undefined,
    tab: tab === "sweep" ? tab : undefined,
    values: valuesOf(search["values"]),
    seed: typeof search["seed"] === "string" ? search["seed"] : undefined,
  };
}

function valuesOf(given: unknown): Record<string, string> | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  const texts = Object.entries(given).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  return texts.length > 0 ? Object.fromEntries(texts) : undefined;
}
