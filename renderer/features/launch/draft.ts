/** What was typed for an experiment; kept while the tabs are gone through. */
export type Draft = {
  /** Only what differs, so that a file that is read again brings its new defaults. */
  changed: Readonly<Record<string, string>>;
  seed: string;
  evaluate: boolean;
  priority: string;
};

export const emptyDraft: Draft = { changed: {}, seed: "0", evaluate: true, priority: "0" };
