import type { Literal, Pattern, QueryNode } from "./ast.ts";
import { keywordOf } from "./parse.ts";
import { isPlainWord } from "./tokens.ts";

/** The query as text that parses to the same query; an empty one for `null`. */
export function printQuery(node: QueryNode | null): string {
  return node === null ? "" : print(node);
}

/** A field's name as it must be written: odd ones stand in backticks. */
export function printName(name: string): string {
  const token = { type: "word" as const, text: name, offset: 0, length: 0 };
  if (isPlainWord(name) && keywordOf(token) === null) return name;
  return `\`${name.replaceAll(/[\\`]/g, String.raw`\$&`)}\``;
}

/** Text as a value: in quotes unless `quoted` says that it needs none. */
export function printValue({ text, quoted }: Pick<Literal, "text" | "quoted">): string {
  return quoted ? `"${text.replaceAll(/[\\"]/g, String.raw`\$&`)}"` : text;
}

function print(node: QueryNode): string {
  switch (node.kind) {
    case "and":
      return node.items
        .map((item) => (item.kind === "or" ? `(${print(item)})` : print(item)))
        .join(" AND ");
    case "or":
      return node.items.map((item) => print(item)).join(" OR ");
    case "not":
      return `NOT ${node.item.kind === "and" || node.item.kind === "or" ? `(${print(node.item)})` : print(node.item)}`;
    case "compare":
      return `${printName(node.field.name)} ${node.operator} ${printValue(node.value)}`;
    case "contains":
      return `${printName(node.field.name)} ${node.negated ? "!~" : "~"} ${printValue(node.value)}`;
    case "matches":
      return `${printName(node.field.name)} ${node.negated ? "!~" : "=~"} ${printPattern(node.pattern)}`;
    case "within-list":
      return `${printName(node.field.name)} within (${node.values.map(printValue).join(", ")})`;
    case "within-range":
      return `${printName(node.field.name)} within [${printValue(node.low)}, ${printValue(node.high)}]`;
    case "within-last":
      return `${printName(node.field.name)} within ${printValue(node.value)}`;
    case "search":
      return printValue(node.value);
    case "search-pattern":
      return printPattern(node.pattern);
  }
}

function printPattern({ source, flags }: Pattern): string {
  return `/${source}/${flags}`;
}
