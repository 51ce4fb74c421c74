/** A tag of a run: one word, so that several can stand side by side in a table and in a query. */
export const tagPattern = /^[\p{L}\p{N}][\p{L}\p{N}._/+-]{0,39}$/u;
/** What the pattern asks for, in words. */
export const tagRule = "one word of 1 to 40 letters, digits and . _ / + -";
