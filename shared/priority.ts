/** The range of priorities that a user may give; larger numbers start first. */
export const priorityRange = { lowest: -100, highest: 100 } as const;
