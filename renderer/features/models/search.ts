/** What of the list of models stands in its address. */
export type ModelsSearch = {
  find?: string;
  /** A column, with `-` in front for the largest first. */
  sort?: string;
};

export function readModelsSearch(search: Record<string, unknown>): ModelsSearch {
  return {
    find: typeof search["find"] === "string" && search["find"] ? search["find"] : undefined,
    sort: typeof search["sort"] === "string" ? search["sort"] : undefined,
  };
}
