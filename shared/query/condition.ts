import type { Field } from "./fields.ts";

/**
 * What a checked query asks of each run. A run without the value meets no condition but `missing`
 * and `not`.
 */
export type Condition =
  | { kind: "and" | "or"; items: Condition[] }
  | { kind: "not"; item: Condition }
  /** The number, time or duration lies between the bounds. */
  | { kind: "range"; field: Field; range: Range }
  /** The number is one of these, or the text is. */
  | { kind: "one-of"; field: Field; numbers: number[]; texts: string[] }
  /** The text ends with one of these, which are in upper case (ids). */
  | { kind: "ends-with"; field: Field; texts: string[] }
  /** One of the fields contains the text, which is in lower case; letter case is ignored. */
  | { kind: "contains"; fields: readonly Field[]; text: string }
  | { kind: "matches"; fields: readonly Field[]; source: string; flags: string }
  | { kind: "missing"; field: Field };

/** Numbers from `low` to `high`, an end that is open not among them. */
export type Range = { low: number; high: number; lowOpen: boolean; highOpen: boolean };

export function isInRange({ low, high, lowOpen, highOpen }: Range, value: number): boolean {
  return (lowOpen ? value > low : value >= low) && (highOpen ? value < high : value <= high);
}
