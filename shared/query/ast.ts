/** Where something stands in the text of a query, in UTF-16 units. */
export type Span = { offset: number; length: number };

/** What is wrong with a query, where, and what would be right. */
export type QueryProblem = Span & { message: string; suggestion: string | null };

/** A value as it was written; what it means depends on the field it is compared with. */
export type Literal = Span & { text: string; quoted: boolean };

export type Pattern = Span & { source: string; flags: string };

export type FieldName = Span & { name: string };

export const comparisons = ["=", "!=", "<", "<=", ">", ">="] as const;
export type Comparison = (typeof comparisons)[number];

/** A query as it was written, before anything is known of the fields it names. */
export type QueryNode = Span &
  (
    | { kind: "and" | "or"; items: QueryNode[] }
    | { kind: "not"; item: QueryNode }
    | { kind: "compare"; field: FieldName; operator: Comparison; value: Literal }
    | { kind: "contains"; field: FieldName; negated: boolean; value: Literal }
    | { kind: "matches"; field: FieldName; negated: boolean; pattern: Pattern }
    | { kind: "within-list"; field: FieldName; values: Literal[] }
    | { kind: "within-range"; field: FieldName; low: Literal; high: Literal }
    | { kind: "within-last"; field: FieldName; value: Literal }
    | { kind: "search"; value: Literal }
    | { kind: "search-pattern"; pattern: Pattern }
  );
