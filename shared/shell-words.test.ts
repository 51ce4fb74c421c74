import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { shellWords, yamlFlowList } from "./shell-words.ts";

describe("shellWords", () => {
  test.each([
    ["python train.py", ["python", "train.py"]],
    ["  a   b ", ["a", "b"]],
    [`a 'b c' "d e" f\\ g`, ["a", "b c", "d e", "f g"]],
    [`--x="1"'2'3`, ["--x=123"]],
    [`"a \\"b\\" \\\\"`, [`a "b" \\`]],
    [`'' ""`, ["", ""]],
    ["run --lr={lr}", ["run", "--lr={lr}"]],
  ])("%s", (line, words) => expect(shellWords(line)).toEqual(words));

  test.each([
    "a | b",
    "a > b",
    "a && b",
    "a; b",
    "a $HOME",
    'a "$HOME"',
    "a `b`",
    "a *.py",
    "X=1 a",
  ])("%s needs a shell", (line) => expect(shellWords(line)).toBeNull());

  test.each(["", "   ", "a 'b", 'a "b', "a \\"])("%j is no command", (line) =>
    expect(shellWords(line)).toBeNull(),
  );
});

test("yamlFlowList is read back by YAML as the same words", () => {
  const words = ["python", "--lr={lr}", "a b", "", "3", "1e-4", "true", "null", "-", "--x", "a: b"];
  words.push("#c", "&a", "*b", "!t", "'q'", '"d"', "é", "[x]", "a,b", "@", "%", "x=1", ".inf", "~");
  expect(parse(yamlFlowList(words))).toEqual(words);
});
