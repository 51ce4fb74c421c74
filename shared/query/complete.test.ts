import { describe, expect, test } from "vitest";
import { completeQuery } from "./complete.ts";
import type { Field } from "./fields.ts";
import { parseQuery } from "./parse.ts";

const field = (kind: Field["kind"], name: string, type: Field["type"] = "number"): Field => ({
  kind,
  name,
  aspect: "last",
  type,
  values: null,
});
const fields = [
  field("parameter", "lr"),
  field("metric", "train/loss"),
  field("metric", "odd name"),
  { ...field("parameter", "loss", "text"), values: ["trades", "cross-entropy", "two words"] },
];

/** The options at the mark |, and the text that the first of them makes. */
function complete(marked: string) {
  const cursor = marked.indexOf("|");
  const text = marked.replace("|", "");
  const { from, to, options } = completeQuery(text, cursor, fields);
  const first = options[0]?.text ?? "";
  return {
    options: options.map((option) => option.text),
    result: text.slice(0, from) + first + text.slice(to),
  };
}

describe("completion", () => {
  test("a field that a catalog tells of is offered once", () => {
    const told = [field("score", ""), field("run", "state", "text"), ...fields];
    const options = completeQuery("s", 1, told).options.map(({ text }) => text);
    expect(options).toEqual([...new Set(options)]);
    expect(options).toContain("score");
  });

  test.each([
    ["lo|", "loss"],
    ["state = failed AND tra|", "state = failed AND train/loss"],
    ["(lr = 1 OR od|", "(lr = 1 OR `odd name`"],
    ["`odd|", "`odd name`"],
    ["lr wi|", "lr within"],
    ["state = f|", "state = failed"],
    ["state within (queued, r|", "state within (queued, running"],
    ['loss = "two|', 'loss = "two words"'],
    ["created within t|", "created within today"],
    ["lr = 0.1 A|", "lr = 0.1 AND"],
    ["lr = 0.1 AND n| AND lr = 3", "lr = 0.1 AND name AND lr = 3"],
  ])("%s", (marked, result) => {
    expect(complete(marked).result).toBe(result);
  });

  test("an empty query offers every field, a finished condition what joins it to the next", () => {
    expect(complete("|").options).toEqual(
      expect.arrayContaining(["name", "state", "score", "lr", "train/loss", "`odd name`", "NOT"]),
    );
    expect(complete("lr = 0.1 |").options).toEqual(["AND", "OR"]);
  });

  test("operators are those of the field's type", () => {
    expect(complete("lr |").options).toEqual([
      "=",
      "!=",
      "<",
      "<=",
      ">",
      ">=",
      "within",
      "AND",
      "OR",
    ]);
    expect(complete("state |").options).toContain("=~");
    expect(complete("kestrel |").options).toEqual(["AND", "OR"]);
  });

  test("what is offered for a value can be parsed", () => {
    for (const option of complete("loss = |").options)
      expect(parseQuery(`loss = ${option}`).ok, option).toBe(true);
  });
});
