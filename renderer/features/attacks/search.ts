export const attackTabs = ["attacks", "sets"] as const;
export type AttackTab = (typeof attackTabs)[number];

/** What of the attacks page stands in its address. */
export type AttacksSearch = { tab?: AttackTab };

export function readAttacksSearch(search: Record<string, unknown>): AttacksSearch {
  return { tab: attackTabs.find((tab) => tab === search["tab"]) };
}
