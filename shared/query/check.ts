import { closest } from "../suggest.ts";
import { suggestDuration } from "../units.ts";
import type {
  Comparison,
  FieldName,
  Literal,
  Pattern,
  QueryNode,
  QueryProblem,
  Span,
} from "./ast.ts";
import type { Condition, Range } from "./condition.ts";
import { type Field, type FieldLookup, ownFields, resolveField, searchedFields } from "./fields.ts";
import { printName } from "./print.ts";
import { readDuration, readNumber, readTime, type TimeSpan } from "./values.ts";

export type Checked =
  | { ok: true; condition: Condition | null }
  | { ok: false; problems: QueryProblem[] };

/** What a query is checked against. `names` are all that can be written, for suggestions. */
export type CheckContext = { lookup: FieldLookup; names(): Iterable<string>; now(): number };

/** Gives a parsed query its meaning: fields are found, values read by the field's type. */
export function checkQuery(query: QueryNode | null, context: CheckContext): Checked {
  if (query === null) return { ok: true, condition: null };
  const checker = new Checker(context);
  const condition = checker.node(query);
  if (checker.problems.length > 0) return { ok: false, problems: checker.problems };
  return { ok: true, condition };
}

/** Suggests a field for a name that means none. */
export function suggestField(name: string, names: Iterable<string>): string | null {
  const near = closest(name, names);
  return near === null ? null : `did you mean \`${printName(near)}\`?`;
}

/** Stands where a condition could not be made; the problem is in the list. */
const nothing: Condition = { kind: "or", items: [] };

class Checker {
  readonly problems: QueryProblem[] = [];
  readonly #context: CheckContext;

  constructor(context: CheckContext) {
    this.#context = context;
  }

  node(node: QueryNode): Condition {
    switch (node.kind) {
      case "and":
      case "or":
        return { kind: node.kind, items: node.items.map((item) => this.node(item)) };
      case "not":
        return not(this.node(node.item));
      case "search":
        return { kind: "contains", fields: searchedFields, text: node.value.text.toLowerCase() };
      case "search-pattern":
        return this.#pattern(node.pattern, searchedFields);
      case "contains":
      case "matches":
        return this.#text(node);
      default: {
        const field = this.#field(node.field);
        return field ? this.#valued(node, field) : nothing;
      }
    }
  }

  #valued(
    node: QueryNode & { kind: "compare" | "within-list" | "within-range" | "within-last" },
    field: Field,
  ): Condition {
    switch (node.kind) {
      case "compare":
        return this.#compare(node, field, node.operator, node.value);
      case "within-list":
        return this.#list(field, node.values);
      case "within-range":
        return this.#range(field, node.low, node.high);
      case "within-last": {
        const { value } = node;
        const duration = readDuration(value.text);
        if (field.type !== "time")
          return this.#problem(
            node.field,
            `\`${node.field.name}\` is no time, so it has no last ${value.text}`,
            "a range is written [0.01, 0.1], a list (a, b)",
          );
        if (duration === null)
          return this.#problem(
            value,
            `\`${value.text}\` is no duration`,
            suggestDuration(value.text) ?? "such as 90s, 20m, 6h, 7d",
          );
        return between(field, this.#context.now() - duration, Infinity);
      }
    }
  }

  #field({ name, ...span }: FieldName): Field | null {
    const field = resolveField(name, this.#context.lookup);
    if (field) return field;
    this.#problem(span, `nothing is named \`${name}\``, suggestField(name, this.#context.names()));
    return null;
  }

  #problem(span: Span, message: string, suggestion: string | null): Condition {
    this.problems.push({ offset: span.offset, length: span.length, message, suggestion });
    return nothing;
  }

  #text(node: QueryNode & { kind: "contains" | "matches" }): Condition {
    const field = this.#field(node.field);
    if (!field) return nothing;
    if (field.type === "time" || field.type === "duration")
      return this.#problem(
        node.field,
        `\`${node.field.name}\` is no text`,
        field.type === "time" ? "such as created within 7d" : "such as duration > 2h",
      );
    const condition: Condition =
      node.kind === "matches"
        ? this.#pattern(node.pattern, [field])
        : { kind: "contains", fields: [field], text: node.value.text.toLowerCase() };
    return node.negated ? not(condition) : condition;
  }

  #pattern({ source, flags, ...span }: Pattern, fields: readonly Field[]): Condition {
    const odd = [...flags].find((flag) => !"imsuv".includes(flag));
    if (odd !== undefined)
      return this.#problem(span, `the flag ${odd} has no meaning here`, "i ignores letter case");
    try {
      RegExp(source, flags);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const reason = message.split(": ").at(-1) ?? message;
      return this.#problem(span, `this is no regular expression: ${reason}`, null);
    }
    return { kind: "matches", fields, source, flags };
  }

  #compare(span: Span, field: Field, operator: Comparison, value: Literal): Condition {
    if (operator === "!=") return not(this.#compare(span, field, "=", value));
    if (isNone(value)) {
      if (operator === "=") return { kind: "missing", field };
      return this.#problem(value, "none is neither small nor large", "write = none or != none");
    }
    if (field.type === "time") {
      const time = this.#time(value);
      return time ? compareTime(field, operator, time) : nothing;
    }
    if (operator === "=") return this.#list(field, [value]);
    if (field.type === "text" || field.type === "id")
      return this.#problem(span, `\`${field.name}\` is text and has no order`, "use =, ~ or =~");
    const number = this.#number(field, value);
    return number === null ? nothing : { kind: "range", field, range: rangeOf(operator, number) };
  }

  #list(field: Field, values: readonly Literal[]): Condition {
    const given = values.filter((value) => !isNone(value));
    const conditions: Condition[] = [];
    if (given.length < values.length) conditions.push({ kind: "missing", field });
    if (given.length > 0) conditions.push(this.#oneOf(field, given));
    const [first] = conditions;
    return first && conditions.length === 1 ? first : { kind: "or", items: conditions };
  }

  #oneOf(field: Field, values: readonly Literal[]): Condition {
    const texts = values.map(({ text }) => text);
    switch (field.type) {
      case "id":
        return { kind: "ends-with", field, texts: texts.map((text) => text.toUpperCase()) };
      case "time": {
        const spans = values.map((value) => this.#time(value));
        const items = spans.flatMap((span) => (span ? [compareTime(field, "=", span)] : []));
        return { kind: "or", items };
      }
      case "text": {
        const { values: known } = field;
        for (const value of values)
          if (known && !known.includes(value.text))
            this.#problem(
              value,
              `\`${value.text}\` is no ${field.name} of a run`,
              suggestField(value.text, known) ?? `one of ${known.join(", ")}`,
            );
        return { kind: "one-of", field, numbers: [], texts };
      }
      case "any": {
        const numbers = values.flatMap(({ text, quoted }) =>
          quoted ? [] : (readNumber(text) ?? []),
        );
        return { kind: "one-of", field, numbers, texts };
      }
      case "number":
      case "duration": {
        const numbers = values.flatMap((value) => this.#number(field, value) ?? []);
        return { kind: "one-of", field, numbers, texts: [] };
      }
    }
  }

  #range(field: Field, low: Literal, high: Literal): Condition {
    if (field.type === "text" || field.type === "id")
      return this.#problem(low, `\`${field.name}\` is text and has no order`, "a list is (a, b)");
    if (field.type === "time") {
      const [from, to] = [this.#time(low), this.#time(high)];
      if (!from || !to) return nothing;
      if (from.from >= to.to) return this.#emptyRange(low, high);
      const range = { low: from.from, high: to.to, lowOpen: false, highOpen: true };
      return { kind: "range", field, range };
    }
    const [from, to] = [this.#number(field, low), this.#number(field, high)];
    if (from === null || to === null) return nothing;
    return from > to ? this.#emptyRange(low, high) : between(field, from, to);
  }

  #emptyRange(low: Literal, high: Literal): Condition {
    const span = { offset: low.offset, length: high.offset + high.length - low.offset };
    const suggestion = `write [${high.text}, ${low.text}]`;
    return this.#problem(span, "the range ends before it begins", suggestion);
  }

  #number(field: Field, value: Literal): number | null {
    const { text } = value;
    if (field.type === "duration") {
      const duration = readDuration(text);
      if (duration === null)
        this.#problem(
          value,
          `\`${text}\` is no duration`,
          suggestDuration(text) ?? "such as 90s, 20m, 6h",
        );
      return duration;
    }
    const number = value.quoted ? null : readNumber(text);
    if (number === null)
      this.#problem(value, `\`${text}\` is no number`, suggestNumber(field, value));
    return number;
  }

  #time(value: Literal): TimeSpan | null {
    const isRelative = value.text === "today" || value.text === "yesterday";
    // The clock is read only where the answer depends on it, so that others can be kept.
    const time = readTime(value.text, isRelative ? this.#context.now() : 0);
    if (time === null)
      this.#problem(
        value,
        `\`${value.text}\` is no date`,
        readDuration(value.text) === null
          ? "such as 2026-11-24, 2026-11-24T18:05 or yesterday"
          : `for the last ${value.text}: within ${value.text}`,
      );
    return time;
  }
}

function isNone({ text, quoted }: Literal): boolean {
  return !quoted && text.toLowerCase() === "none";
}

function not(item: Condition): Condition {
  return { kind: "not", item };
}

function between(field: Field, low: number, high: number): Condition {
  return { kind: "range", field, range: { low, high, lowOpen: false, highOpen: false } };
}

function rangeOf(operator: Exclude<Comparison, "=" | "!=">, value: number): Range {
  const all = { low: -Infinity, high: Infinity, lowOpen: false, highOpen: false };
  switch (operator) {
    case "<":
      return { ...all, high: value, highOpen: true };
    case "<=":
      return { ...all, high: value };
    case ">":
      return { ...all, low: value, lowOpen: true };
    case ">=":
      return { ...all, low: value };
  }
}

/** A date is the whole of its day: `>` begins after it, `<=` holds until its end. */
function compareTime(field: Field, operator: Exclude<Comparison, "!=">, time: TimeSpan): Condition {
  const all = { low: -Infinity, high: Infinity, lowOpen: false, highOpen: false };
  const ranges: Record<typeof operator, Range> = {
    "=": { low: time.from, high: time.to, lowOpen: false, highOpen: true },
    "<": { ...all, high: time.from, highOpen: true },
    "<=": { ...all, high: time.to, highOpen: true },
    ">": { ...all, low: time.to },
    ">=": { ...all, low: time.from },
  };
  return { kind: "range", field, range: ranges[operator] };
}

/** `0.o03` may have been meant as 0.003: letters that look like digits are put right. */
function suggestNumber(field: Field, { text, quoted }: Literal): string | null {
  const mended = text.replaceAll(/[oO]/g, "0").replaceAll(/[lI]/g, "1").replaceAll(",", ".");
  if (readNumber(mended) !== null) return quoted ? `write ${mended}` : `did you mean ${mended}?`;
  if (field.type === "any") return "text is compared with =, ~ or =~";
  const known = ownFields.find(({ name }) => name === text);
  return known ? "a field cannot be compared with a field" : null;
}
