import { describe, expect, test } from "vitest";
import { randomNumbers } from "../../tests/support/random-numbers.ts";
import type { QueryNode } from "./ast.ts";
import { checkQuery } from "./check.ts";
import { describeProblems } from "./excerpt.ts";
import { type Field, fieldLookup, ownFields, resolveField, writtenField } from "./fields.ts";
import { parseQuery } from "./parse.ts";
import { printQuery } from "./print.ts";

const own = (kind: Field["kind"], name: string, type: Field["type"] = "number"): Field => ({
  kind,
  name,
  aspect: "last",
  type,
  values: null,
});
const fields = [
  own("parameter", "lr"),
  own("parameter", "loss", "text"),
  own("parameter", "mixed", "any"),
  own("parameter", "accuracy"),
  own("metric", "train/loss"),
  own("metric", "accuracy"),
  own("metric", "odd name, with `marks`"),
  own("summary", "accuracy"),
  own("summary", "train/loss.min"),
  own("score", "Top five, 2018-10-15"),
];
const lookup = fieldLookup(fields);
const now = new Date(2026, 10, 25, 12, 0).getTime();
const names = () => [...ownFields, ...fields].map(({ name }) => name);

/** The AST without the places of its parts. */
function bare(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(bare);
  if (typeof node !== "object" || node === null) return node;
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key]) => key !== "offset" && key !== "length")
      .map(([key, value]) => [key, bare(value)]),
  );
}

function parsed(text: string): QueryNode | null {
  const result = parseQuery(text);
  if (!result.ok) throw new Error(describeProblems(text, result.problems));
  return result.query;
}

function checked(text: string) {
  return checkQuery(parsed(text), { lookup, names, now: () => now });
}

function condition(text: string) {
  const result = checked(text);
  if (!result.ok) throw new Error(describeProblems(text, result.problems));
  return result.condition;
}

function problems(text: string) {
  const result = parseQuery(text);
  const found = result.ok ? checked(text) : result;
  return found.ok ? [] : found.problems;
}

/** A query of every kind of node, made by chance; and and or never hold their own kind. */
function randomQuery(random: () => number, depth: number, within?: string): QueryNode {
  const place = { offset: 0, length: 0 };
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const texts = [
    "a",
    "x y",
    'quo"te',
    "back\\slash",
    "`tick`",
    "",
    "none",
    "AND",
    "/re/",
    "é😀",
    "1e-4",
  ];
  const word = () =>
    pick(["a", "0.1", "-3", "1e-4", "2026-11-24T18:05", "7d", "none", "a/b.c:d-e"]);
  const literal = () => {
    const quoted = random() < 0.5;
    return { text: quoted ? pick(texts) : word(), quoted, ...place };
  };
  const field = {
    name: pick([
      "lr",
      "train/loss.min",
      "and",
      "within",
      "odd `name`",
      "x\\y",
      "/slash",
      'q"uote',
      "a b",
    ]),
    ...place,
  };
  const pattern = {
    source: pick(["a", "[/]", "\\/x", "^re-?gex$", "(a|b)"]),
    flags: pick(["", "i"]),
    ...place,
  };
  const kinds = ["compare", "contains", "matches", "list", "range", "last", "search", "pattern"];
  const nested =
    depth > 0 ? ["and", "or", "not", "and", "or", "not"].filter((kind) => kind !== within) : [];
  const kind = pick([...kinds, ...nested]);
  const items = (own: string) =>
    Array.from({ length: 2 + Math.floor(random() * 3) }, () => randomQuery(random, depth - 1, own));
  switch (kind) {
    case "and":
    case "or":
      return { kind, items: items(kind), ...place };
    case "not":
      return { kind, item: randomQuery(random, depth - 1), ...place };
    case "compare":
      return {
        kind,
        field,
        operator: pick(["=", "!=", "<", "<=", ">", ">="]),
        value: literal(),
        ...place,
      };
    case "contains":
      return { kind, field, negated: random() < 0.5, value: literal(), ...place };
    case "matches":
      return { kind, field, negated: random() < 0.5, pattern, ...place };
    case "list":
      return { kind: "within-list", field, values: [literal(), literal()], ...place };
    case "range":
      return { kind: "within-range", field, low: literal(), high: literal(), ...place };
    case "last":
      return {
        kind: "within-last",
        field,
        value: { text: word(), quoted: false, ...place },
        ...place,
      };
    case "pattern":
      return { kind: "search-pattern", pattern, ...place };
    default:
      return { kind: "search", value: { text: pick(texts), quoted: true, ...place }, ...place };
  }
}

describe("parsing", () => {
  test("what is printed of a query parses to the same query", () => {
    const random = randomNumbers(7);
    for (let round = 0; round < 5000; round++) {
      const query = randomQuery(random, 4);
      const text = printQuery(query);
      expect(bare(parsed(text)), text).toEqual(bare(query));
    }
  });

  test("any text is parsed or refused with a place inside it, never more", () => {
    const random = randomNumbers(8);
    const parts = [
      "lr",
      "<",
      "=",
      "~",
      "=~",
      "(",
      ")",
      "[",
      "]",
      ",",
      '"',
      "`",
      "/a/",
      "AND",
      "OR",
      "NOT",
      "within",
      "!",
      "&&",
      "0.1",
      " ",
      "\\",
      "7d",
      "😀",
      ".",
    ];
    for (let round = 0; round < 5000; round++) {
      const length = Math.floor(random() * 10);
      const text = Array.from({ length }, () => parts[Math.floor(random() * parts.length)]).join(
        random() < 0.5 ? " " : "",
      );
      const result = parseQuery(text);
      if (result.ok)
        expect(bare(parsed(printQuery(result.query))), text).toEqual(bare(result.query));
      else
        for (const { offset, length: size } of result.problems) {
          expect(offset, text).toBeGreaterThanOrEqual(0);
          expect(offset + size, text).toBeLessThanOrEqual(text.length);
        }
    }
  });

  test("AND binds closer than OR, NOT closer than both, and AND may be left out", () => {
    const query = printQuery(parsed("NOT a b OR c AND (d OR e) && !f"));
    expect(query).toBe("NOT a AND b OR c AND (d OR e) AND NOT f");
  });

  test("nesting without end is refused, not a crash", () => {
    expect(problems("(".repeat(50_000))[0]?.message).toMatch(/too deeply/);
    expect(problems("NOT ".repeat(50_000))[0]?.message).toMatch(/too deeply/);
  });

  test.each([
    ["lr <", 3, 1, "a value is missing"],
    ["lr = 0.1 AND", 12, 0, "the query ends where a condition was expected"],
    ["(lr = 0.1", 0, 1, "this parenthesis is never closed"],
    ["lr = 0.1)", 8, 1, "this closes nothing"],
    ["< 3", 0, 1, "a field's name is missing before <"],
    ['"lr" = 3', 0, 4, "a field's name cannot stand in double quotes"],
    ["name =~ abc", 8, 3, "a regular expression was expected"],
    ["name =~ /abc", 8, 4, "this regular expression has no end"],
    ['name ~ "abc', 7, 4, 'this " has no partner'],
    ["lr within [1 2]", 13, 1, "a range has two ends"],
    ["state within (failed", 20, 0, "the list must end with )"],
    ["lr = /a/", 5, 3, "a regular expression cannot be compared"],
    ["AND lr = 3", 0, 3, "a condition was expected before AND"],
    ["`lr`", 0, 4, "what is asked of this field is missing"],
    ["lr & 3", 3, 1, "& is no comparison"],
  ])("%s", (text, offset, length, message) => {
    expect(problems(text)).toEqual([expect.objectContaining({ offset, length, message })]);
  });
});

describe("checking", () => {
  test.each([
    ["train/lss < 3", 0, 9, "did you mean `train/loss`?"],
    ["lr < 0.o03", 5, 5, "did you mean 0.003?"],
    ["state = faild", 8, 5, "did you mean `failed`?"],
    ["duration > 90", 11, 2, "add the unit: `90s` or `90m`"],
    ["duration > 2 hours", 11, 1, "add the unit: `2s` or `2m`"],
    ["created > 7d", 10, 2, "for the last 7d: within 7d"],
    ["lr within 7d", 0, 2, "a range is written [0.01, 0.1], a list (a, b)"],
    ["lr within [3, 1]", 11, 4, "write [1, 3]"],
    ["loss < 3", 0, 8, "use =, ~ or =~"],
    ["lr < none", 5, 4, "write = none or != none"],
    ["created = 2026-02-30", 10, 10, "such as 2026-11-24, 2026-11-24T18:05 or yesterday"],
    ["name =~ /a/g", 8, 4, "i ignores letter case"],
    ["name =~ /(/", 8, 3, null],
  ])("%s", (text, offset, length, suggestion) => {
    expect(problems(text)).toEqual([expect.objectContaining({ offset, length, suggestion })]);
  });

  test("every mistake is told, with its caret", () => {
    const text = "lss = 1 AND state = done";
    expect(describeProblems(text, problems(text))).toBe(
      [
        text,
        "^^^ nothing is named `lss`; did you mean `loss`?",
        text,
        "                    ^^^^ `done` is no state of a run; one of queued, running, succeeded, failed, cancelled",
      ].join("\n"),
    );
  });

  test("a date means its whole day", () => {
    const day = { from: new Date(2026, 10, 24).getTime(), to: new Date(2026, 10, 25).getTime() };
    const bounds = (text: string) => {
      const found = condition(text);
      return found?.kind === "range" ? [found.range.low, found.range.high] : found;
    };
    expect(bounds("created > 2026-11-24")).toEqual([day.to, Infinity]);
    expect(bounds("created >= yesterday")).toEqual([day.from, Infinity]);
    expect(bounds("created < 2026-11-24")).toEqual([-Infinity, day.from]);
    expect(bounds("created <= 2026-11-24")).toEqual([-Infinity, day.to]);
    expect(bounds("created within [2026-11-24, 2026-11-24]")).toEqual([day.from, day.to]);
    expect(bounds("created within 1h30m")).toEqual([now - 5_400_000, Infinity]);
    expect(bounds("created >= 2026-11-24T18:05:30Z")).toEqual([
      Date.UTC(2026, 10, 24, 18, 5, 30),
      Infinity,
    ]);
  });

  test("none is a missing value, in lists too; in quotes it is text", () => {
    const [loss] = [resolveField("loss", lookup)];
    expect(condition("loss = none")).toEqual({ kind: "missing", field: loss });
    expect(condition('loss = "none"')).toMatchObject({ kind: "one-of", texts: ["none"] });
    expect(condition("loss within (none, trades)")).toMatchObject({
      kind: "or",
      items: [{ kind: "missing" }, { kind: "one-of", texts: ["trades"] }],
    });
  });
});

describe("fields", () => {
  test("parameters come before metrics, those before summary values; a kind may be named", () => {
    expect(resolveField("accuracy", lookup)?.kind).toBe("parameter");
    expect(resolveField("metric:accuracy", lookup)?.kind).toBe("metric");
    expect(resolveField("summary:accuracy", lookup)?.kind).toBe("summary");
    expect(resolveField("train/loss.max", lookup)).toMatchObject({
      kind: "metric",
      aspect: "maximum",
    });
    expect(resolveField("train/loss.min", lookup)).toMatchObject({
      kind: "summary",
      aspect: "last",
    });
    expect(resolveField("metric:train/loss.min", lookup)?.aspect).toBe("minimum");
    expect(resolveField("score.Top five, 2018-10-15", lookup)?.kind).toBe("score");
    expect(resolveField("score", lookup)?.name).toBe("");
    expect(resolveField("train/lost", lookup)).toBeUndefined();
  });

  test("every field is found again by the name it is written with", () => {
    const all: Field[] = [
      ...ownFields,
      ...fields,
      ...fields
        .filter(({ kind }) => kind === "metric")
        .flatMap((field): Field[] => [
          { ...field, aspect: "minimum" },
          { ...field, aspect: "maximum" },
        ]),
    ];
    for (const field of all) {
      const text = `${writtenField(field, lookup)} = none`;
      expect(condition(text), text).toMatchObject({ kind: "missing", field });
    }
  });

  test("the odd part of a name may stand in quotes", () => {
    expect(condition('score."Top five, 2018-10-15" > 1')).toMatchObject({
      field: { kind: "score", name: "Top five, 2018-10-15" },
    });
  });
});
