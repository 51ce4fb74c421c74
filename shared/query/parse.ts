import {
  type Comparison,
  comparisons,
  type FieldName,
  type Literal,
  type Pattern,
  type QueryNode,
  type QueryProblem,
  type Span,
} from "./ast.ts";
import { type Token, tokenize } from "./tokens.ts";

/** Deeper parentheses are no query that anyone wrote by hand. */
const deepest = 100;

export type Parsed =
  | { ok: true; query: QueryNode | null }
  | { ok: false; problems: [QueryProblem] };

class ProblemFound extends Error {
  readonly problem: QueryProblem;
  constructor(problem: QueryProblem) {
    super(problem.message);
    this.problem = problem;
  }
}

/**
 * Reads a query. An empty one matches everything and is `null`. The first mistake ends the
 * reading and is told with its place.
 */
export function parseQuery(text: string): Parsed {
  const { tokens, problem } = tokenize(text);
  if (problem) return { ok: false, problems: [problem] };
  try {
    return { ok: true, query: new Parser(tokens).query() };
  } catch (error) {
    if (error instanceof ProblemFound) return { ok: false, problems: [error.problem] };
    throw error;
  }
}

/** `AND`, `OR`, `NOT`, `WITHIN` and `IN` in any letter case, as words without quotes. */
export function keywordOf(token: Token): string | null {
  if (token.type === "operator") return { "&&": "AND", "||": "OR", "!": "NOT" }[token.text] ?? null;
  if (token.type !== "word") return null;
  const upper = token.text.toUpperCase();
  return ["AND", "OR", "NOT", "WITHIN", "IN"].includes(upper) ? upper : null;
}

class Parser {
  readonly #tokens: Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: Token[]) {
    this.#tokens = tokens;
  }

  query(): QueryNode | null {
    if (this.#peek().type === "end") return null;
    const node = this.#or();
    const token = this.#peek();
    if (token.type !== "end")
      fail(token, "this closes nothing", "remove it, or open a parenthesis before");
    return node;
  }

  #peek(ahead = 0): Token {
    const token = this.#tokens[Math.min(this.#next + ahead, this.#tokens.length - 1)];
    if (!token) throw new Error("a query without an end");
    return token;
  }

  #take(): Token {
    const token = this.#peek();
    this.#next++;
    return token;
  }

  #takeKeyword(word: string): boolean {
    if (keywordOf(this.#peek()) !== word) return false;
    this.#next++;
    return true;
  }

  #takeMark(text: string): boolean {
    const token = this.#peek();
    if (token.type !== "mark" || token.text !== text) return false;
    this.#next++;
    return true;
  }

  #or(): QueryNode {
    const items = [this.#and()];
    while (this.#takeKeyword("OR")) items.push(this.#and());
    return joined("or", items);
  }

  /** Terms that follow one another without a word between them must all hold. */
  #and(): QueryNode {
    const items = [this.#not()];
    while (this.#takeKeyword("AND") || this.#startsTerm()) items.push(this.#not());
    return joined("and", items);
  }

  #startsTerm(): boolean {
    const token = this.#peek();
    if (token.type === "mark") return token.text === "(";
    const keyword = keywordOf(token);
    if (keyword !== null) return keyword === "NOT";
    return token.type !== "end" && token.type !== "operator";
  }

  #not(): QueryNode {
    const token = this.#peek();
    if (!this.#takeKeyword("NOT")) return this.#term();
    this.#deeper(token);
    const item = this.#not();
    this.#depth--;
    return { kind: "not", item, ...between(token, item) };
  }

  #deeper(span: Span): void {
    if (++this.#depth > deepest)
      fail(span, "this is nested too deeply", `at most ${deepest} levels`);
  }

  #term(): QueryNode {
    const token = this.#take();
    switch (token.type) {
      case "mark":
        if (token.text === "(") return this.#group(token);
        return fail(token, `a condition was expected before ${token.text}`, null);
      case "pattern":
        return { kind: "search-pattern", pattern: patternOf(token), ...spanOf(token) };
      case "string":
        if (this.#peek().type === "operator" && keywordOf(this.#peek()) === null)
          fail(
            token,
            "a field's name cannot stand in double quotes",
            `write \`${"`"}${token.text}${"`"}\``,
          );
        return { kind: "search", value: literalOf(token), ...spanOf(token) };
      case "word":
      case "name":
        return this.#condition(token);
      case "operator":
        return fail(token, `a field's name is missing before ${token.text}`, null);
      case "end":
        return fail(token, "the query ends where a condition was expected", null);
    }
  }

  #group(open: Token): QueryNode {
    this.#deeper(open);
    const node = this.#or();
    if (!this.#takeMark(")")) {
      const token = this.#peek();
      if (token.type === "end") fail(open, "this parenthesis is never closed", "add )");
      fail(token, ") was expected here", null);
    }
    this.#depth--;
    return node;
  }

  #condition(token: Token & { type: "word" | "name" }): QueryNode {
    const keyword = keywordOf(token);
    const field: FieldName = { name: token.text, ...spanOf(token) };
    const next = this.#peek();
    const nextKeyword = keywordOf(next);
    if (next.type === "operator" && nextKeyword === null) {
      this.#next++;
      return this.#compared(field, next);
    }
    const opensList = isMark(this.#peek(1), "(") || isMark(this.#peek(1), "[");
    if (nextKeyword === "WITHIN" || (nextKeyword === "IN" && opensList)) {
      this.#next++;
      return this.#within(field);
    }
    if (keyword !== null && keyword !== "IN")
      fail(token, `a condition was expected before ${token.text}`, `to search it: "${token.text}"`);
    if (token.type === "name")
      fail(token, "what is asked of this field is missing", "such as = none, or > 0");
    return { kind: "search", value: literalOf(token), ...spanOf(token) };
  }

  #compared(field: FieldName, token: Token & { type: "operator" }): QueryNode {
    const operator = token.text === "==" ? "=" : token.text;
    if (operator === "~" || operator === "!~" || operator === "=~") {
      const value = this.#peek();
      const negated = operator === "!~";
      if (value.type === "pattern") {
        this.#next++;
        const pattern = patternOf(value);
        return { kind: "matches", field, negated, pattern, ...between(field, pattern) };
      }
      if (operator === "=~") fail(value, "a regular expression was expected", "such as /^resnet/i");
      const literal = this.#literal(token);
      return { kind: "contains", field, negated, value: literal, ...between(field, literal) };
    }
    const comparison = comparisons.find((known): known is Comparison => known === operator);
    if (!comparison)
      return fail(token, `${operator} is no comparison`, "one of = != < <= > >= ~ !~ =~ within");
    const value = this.#literal(token);
    return { kind: "compare", field, operator: comparison, value, ...between(field, value) };
  }

  #within(field: FieldName): QueryNode {
    if (this.#takeMark("(")) {
      const values: Literal[] = [];
      do values.push(this.#literal(this.#peek()));
      while (this.#takeMark(","));
      const close = this.#peek();
      if (!this.#takeMark(")")) fail(close, "the list must end with )", "such as (failed, queued)");
      return { kind: "within-list", field, values, ...between(field, close) };
    }
    if (this.#takeMark("[")) {
      const low = this.#literal(this.#peek());
      if (!this.#takeMark(",")) fail(this.#peek(), "a range has two ends", "such as [0.01, 0.1]");
      const high = this.#literal(this.#peek());
      const close = this.#peek();
      if (!this.#takeMark("]")) fail(close, "the range must end with ]", "such as [0.01, 0.1]");
      return { kind: "within-range", field, low, high, ...between(field, close) };
    }
    const token = this.#peek();
    if (token.type !== "word")
      fail(
        token,
        "a range, a list or a duration was expected after within",
        "such as [0.01, 0.1], (failed, queued) or 7d",
      );
    const value = this.#literal(token);
    return { kind: "within-last", field, value, ...between(field, value) };
  }

  #literal(before: Span): Literal {
    const token = this.#take();
    if (token.type === "word" || token.type === "string") return literalOf(token);
    if (token.type === "pattern")
      return fail(token, "a regular expression cannot be compared", "use =~ before it");
    if (token.type === "name")
      return fail(token, "a field cannot be compared with a field", `text: "${token.text}"`);
    if (token.type === "end")
      return fail({ offset: before.offset, length: before.length }, "a value is missing", null);
    return fail(token, "a value was expected here", 'text with such signs goes in quotes: "..."');
  }
}

function isMark(token: Token, text: string): boolean {
  return token.type === "mark" && token.text === text;
}

function fail(span: Span, message: string, suggestion: string | null): never {
  throw new ProblemFound({ offset: span.offset, length: span.length, message, suggestion });
}

function spanOf({ offset, length }: Span): Span {
  return { offset, length };
}

function between(first: Span, last: Span): Span {
  return { offset: first.offset, length: last.offset + last.length - first.offset };
}

function literalOf(token: Token & { type: "word" | "string" | "name" }): Literal {
  return { text: token.text, quoted: token.type === "string", ...spanOf(token) };
}

function patternOf(token: Token & { type: "pattern" }): Pattern {
  return { source: token.source, flags: token.flags, ...spanOf(token) };
}

/** Groups of one kind inside one another are one group. */
function joined(kind: "and" | "or", items: QueryNode[]): QueryNode {
  const flat = items.flatMap((item) => (item.kind === kind ? item.items : [item]));
  const [first] = flat;
  const last = flat.at(-1);
  if (!first || !last) throw new Error("a group of nothing");
  return flat.length === 1 ? first : { kind, items: flat, ...between(first, last) };
}
