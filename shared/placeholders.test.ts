import { describe, expect, test } from "vitest";
import { GauntletError } from "./errors.ts";
import { checkPlaceholders, expandCommand, placeholdersOf } from "./placeholders.ts";

test("placeholdersOf lists them in order", () => {
  expect(placeholdersOf(["a", "--x={x}{y}", "{{x}}", "{{{seed}}}"])).toEqual([
    { argument: 1, name: "x", text: "{x}" },
    { argument: 1, name: "y", text: "{y}" },
    { argument: 3, name: "seed", text: "{seed}" },
  ]);
});

describe("expandCommand", () => {
  test("replaces names and unescapes braces", () => {
    const values = { lr: 0.0001, loss: "trades", fast: true, seed: 3 };
    expect(
      expandCommand(["{loss}.py", "--lr={lr}", "{fast}{seed}", '{{"a": {lr}}}', "{{lr}}"], values),
    ).toEqual(["trades.py", "--lr=0.0001", "true3", '{"a": 0.0001}', "{lr}"]);
  });

  test("numbers survive being printed", () => {
    for (const value of [0.1, 1e-7, 1e21, 5e-324, 2 ** 53, -3.25, 1 / 3]) {
      const [printed = ""] = expandCommand(["{x}"], { x: value });
      expect(JSON.parse(printed)).toBe(value);
    }
  });

  test("a value stays one argument and is not expanded again", () => {
    const value = "a b; rm -rf {seed} \n'\"$HOME {{";
    expect(expandCommand(["x", "{t}"], { t: value, seed: 1 })).toEqual(["x", value]);
  });

  test("refuses names without a value, stray braces and what no argument can hold", () => {
    const code = (command: string[], values: Record<string, string | number>) => {
      try {
        return expandCommand(command, values);
      } catch (error) {
        return error instanceof GauntletError ? error.code : error;
      }
    };
    expect(code(["{x}"], {})).toBe("SPEC_INVALID");
    expect(code(["{toString}"], {})).toBe("SPEC_INVALID");
    expect(code(["{"], {})).toBe("SPEC_INVALID");
    expect(code(["{x}"], { x: NaN })).toBe("PARAMETER_INVALID");
    expect(code(["{x}"], { x: "a\0b" })).toBe("PARAMETER_INVALID");
  });
});

describe("checkPlaceholders", () => {
  const known = ["learning_rate", "seed"];
  const suggestionFor = (argument: string) =>
    checkPlaceholders([argument], known).map(({ text, suggestion }) => `${text} ${suggestion}`);

  test("accepts what has a value", () => {
    expect(checkPlaceholders(["x", "{seed}", "{{", "}}", "{{{learning_rate}}}"], known)).toEqual(
      [],
    );
  });

  test.each([
    ["--lr={learnign_rate}", ["{learnign_rate} did you mean `learning_rate`?"]],
    ["{port}", ["{port} known here: `{learning_rate}`, `{seed}`"]],
    ["{ seed }", ["{ seed } write `{seed}`"]],
    ["{learning-rate}", ["{learning-rate} write `{learning_rate}`"]],
    ["{}", ["{} for a plain brace write it twice: `{{}}`"]],
    [
      "a}b{",
      ["} for a plain brace write it twice: `}}`", "{ for a plain brace write it twice: `{{`"],
    ],
    ['{"a": 1}', ['{"a": 1} for a plain brace write it twice: `{{"a": 1}}`']],
  ])("%s", (argument, expected) => expect(suggestionFor(argument)).toEqual(expected));

  test("following the suggestion gives the braces that were meant", () => {
    for (const argument of ["{}", '{"a": [1]}', "a } b"]) {
      const [finding] = checkPlaceholders([argument], known);
      const doubled = /twice: `(.*)`$/.exec(finding?.suggestion ?? "")?.[1] ?? "";
      expect(expandCommand([argument.replace(finding?.text ?? "", doubled)], {})).toEqual([
        argument,
      ]);
    }
  });
});
