import type { Comparison } from "./ast.ts";
import {
  type Field,
  fieldLookup,
  nameOfField,
  ownFields,
  activeScore,
  resolveField,
} from "./fields.ts";
import { keywordOf } from "./parse.ts";
import { printName, printValue } from "./print.ts";
import { isPlainWord, type Token, tokenize } from "./tokens.ts";

export type Completion = {
  /** What the options replace, in UTF-16 units of the text. */
  from: number;
  to: number;
  options: { text: string; kind: "field" | "operator" | "value" | "keyword"; detail: string }[];
};

const mostOptions = 50;

type Place =
  | { at: "condition" }
  /** After a name that may also be a bare word. */
  | { at: "operator"; field: Field | undefined }
  | { at: "value"; field: Field | undefined }
  | { at: "list"; field: Field | undefined }
  | { at: "end" };

/** What may stand at the cursor, the likeliest first; `fields` are the catalog's own. */
export function completeQuery(text: string, cursor: number, fields: readonly Field[]): Completion {
  const before = tokenize(text.slice(0, cursor)).tokens.slice(0, -1);
  const last = before.at(-1);
  const touched = last !== undefined && last.offset + last.length === cursor;
  const isPartial = touched && (last.type === "word" || last.type === "name");
  const open = isPartial ? undefined : openQuote(text.slice(0, cursor), before);
  const partial = isPartial ? last.text : (open?.text ?? "");
  const place = placeAfter(isPartial ? before.slice(0, -1) : before, fields);
  const from = isPartial ? last.offset : (open?.offset ?? cursor);
  return { from, to: cursor, options: optionsAt(place, partial, fields).slice(0, mostOptions) };
}

/** A quotation mark that is not closed before the cursor. */
function openQuote(
  text: string,
  tokens: readonly Token[],
): { text: string; offset: number } | undefined {
  const last = tokens.at(-1);
  const rest = last ? last.offset + last.length : 0;
  const match = /^\s*(["`])(.*)$/su.exec(text.slice(rest));
  if (!match) return undefined;
  return { text: match[2] ?? "", offset: text.length - (match[2] ?? "").length - 1 };
}

function placeAfter(tokens: readonly Token[], fields: readonly Field[]): Place {
  const lookup = fieldLookup(fields);
  let place: Place = { at: "condition" };
  for (const token of tokens) place = next(place, token);
  return place;

  function next(current: Place, token: Token): Place {
    const keyword = keywordOf(token);
    if (keyword === "AND" || keyword === "OR" || keyword === "NOT") return { at: "condition" };
    const field = "field" in current ? current.field : undefined;
    switch (token.type) {
      case "operator":
        return { at: "value", field };
      case "mark":
        if (current.at === "value" && "([".includes(token.text)) return { at: "list", field };
        if (current.at === "list") return "])".includes(token.text) ? { at: "end" } : current;
        return token.text === "(" ? { at: "condition" } : { at: "end" };
      case "word":
      case "name":
        if (current.at === "operator" && (keyword === "WITHIN" || keyword === "IN"))
          return { at: "value", field };
        if (current.at === "value") return { at: "end" };
        if (current.at === "list") return current;
        return { at: "operator", field: resolveField(token.text, lookup) };
      default:
        return current.at === "list" ? current : { at: "end" };
    }
  }
}

function optionsAt(place: Place, partial: string, fields: readonly Field[]): Completion["options"] {
  switch (place.at) {
    case "condition":
      return [...fieldOptions(partial, fields), ...keywords(["NOT"], partial)];
    case "operator":
      return [
        ...operatorsOf(place.field).flatMap((operator) =>
          operator.startsWith(partial.toLowerCase())
            ? [
                {
                  text: operator,
                  kind: "operator" as const,
                  detail: operatorDetails[operator] ?? "",
                },
              ]
            : [],
        ),
        ...keywords(["AND", "OR"], partial),
      ];
    case "value":
    case "list":
      return valueOptions(place.field, partial);
    case "end":
      return keywords(["AND", "OR"], partial);
  }
}

function keywords(words: readonly string[], partial: string): Completion["options"] {
  return words
    .filter((word) => word.startsWith(partial.toUpperCase()))
    .map((text) => ({ text, kind: "keyword", detail: "" }));
}

/** Fields whose name begins with what was typed, then those that contain it. */
function fieldOptions(partial: string, fields: readonly Field[]): Completion["options"] {
  const lookup = fieldLookup(fields);
  const wanted = partial.toLowerCase();
  const starting: Completion["options"] = [];
  const containing: Completion["options"] = [];
  const own = new Set(ownFields.map(({ name }) => name));
  const rest = fields.filter(
    ({ kind, name }) => !(kind === "run" && own.has(name)) && !(kind === "score" && name === ""),
  );
  for (const field of [...ownFields, activeScore, ...rest]) {
    const name = nameOfField(field, lookup);
    const place = name.toLowerCase().indexOf(wanted);
    if (place === -1) continue;
    const option = { text: printName(name), kind: "field" as const, detail: field.kind };
    (place === 0 ? starting : containing).push(option);
  }
  return [...starting, ...containing];
}

const operatorDetails: Readonly<Record<string, string>> = {
  "=": "is",
  "!=": "is not",
  "~": "contains",
  "!~": "does not contain",
  "=~": "matches a regular expression",
  within: "in a range, a list or the last",
} satisfies Partial<Record<Comparison | "~" | "!~" | "=~" | "within", string>>;

function operatorsOf(field: Field | undefined): string[] {
  const ordered = ["=", "!=", "<", "<=", ">", ">=", "within"];
  switch (field?.type) {
    case undefined:
      return [];
    case "text":
    case "id":
      return ["=", "!=", "~", "!~", "=~", "within"];
    case "any":
      return [...ordered, "~", "!~", "=~"];
    default:
      return ordered;
  }
}

const examples: Partial<Record<Field["type"], string[]>> = {
  time: ["today", "yesterday", "24h", "7d", "30d"],
  duration: ["10m", "1h", "6h"],
};

function valueOptions(field: Field | undefined, partial: string): Completion["options"] {
  const values = field?.values ?? (field && examples[field.type]) ?? [];
  const wanted = partial.toLowerCase();
  return [...values.map((value) => ({ value, isWord: false })), { value: "none", isWord: true }]
    .filter(({ value }) => value.toLowerCase().startsWith(wanted))
    .map(({ value, isWord }) => ({
      text: isWord
        ? value
        : printValue({ text: value, quoted: !isPlainWord(value) || value === "none" }),
      kind: "value",
      detail: isWord ? "no value" : "",
    }));
}
