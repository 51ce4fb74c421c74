/** What of the runs page stands in its address. */
export type RunsSearch = {
  query?: string;
  /** A field's name, with `-` in front for the largest first. */
  sort?: string;
  /** Whether runs that differ only by seed make one row. */
  seeds?: boolean;
};

export function readRunsSearch(search: Record<string, unknown>): RunsSearch {
  return {
    query: typeof search["query"] === "string" && search["query"] ? search["query"] : undefined,
    sort: typeof search["sort"] === "string" ? search["sort"] : undefined,
    seeds: search["seeds"] === true ? true : undefined,
  };
}
