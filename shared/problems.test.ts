import { describe, expect, test } from "vitest";
import { formatProblems, positionAt, type Problem } from "./problems.ts";

const base: Problem = {
  file: "gauntlet.yaml",
  line: 2,
  column: 3,
  path: [],
  message: "unknown key `trian`",
  offending: "trian",
  suggestion: "did you mean `train`?",
};

test("positionAt counts lines and columns from 1", () => {
  const text = "ab\ncd\n";
  expect(positionAt(text, 0)).toEqual({ line: 1, column: 1 });
  expect(positionAt(text, 2)).toEqual({ line: 1, column: 3 });
  expect(positionAt(text, 3)).toEqual({ line: 2, column: 1 });
  expect(positionAt(text, 6)).toEqual({ line: 3, column: 1 });
});

describe("formatProblems", () => {
  test("prints the place, the line with carets and the suggestion", () => {
    expect(formatProblems([base], "name: a\n  trian: 1\n")).toBe(
      [
        "gauntlet.yaml:2:3: unknown key `trian`",
        "  2 |   trian: 1",
        "    |   ^^^^^",
        "    did you mean `train`?",
      ].join("\n"),
    );
  });

  test("shows control and direction marks instead of obeying them", () => {
    const text = "a\n\u001b[31m\u202etrian: 1\u0085\n";
    const shown = formatProblems([{ ...base, column: 7, file: "a\u001b.yaml" }], text);
    expect(shown).toBe(
      [
        "a␛.yaml:2:7: unknown key `trian`",
        "  2 | ␛[31m\\u{202e}trian: 1\\u{85}",
        "    |              ^^^^^",
        "    did you mean `train`?",
      ].join("\n"),
    );
  });

  test("aligns carets below wide characters, tabs and Windows line ends", () => {
    const text = "a\r\n\t日本 trian: 1\r\n";
    const [, source, carets] = formatProblems([{ ...base, column: 5 }], text).split("\n");
    expect(source).toBe("  2 | ␉日本 trian: 1");
    expect(carets).toBe("    |       ^^^^^");
  });

  test("cuts long lines around the place", () => {
    const text = `a\n${"x".repeat(5000)}trian${"y".repeat(5000)}`;
    const [, source = "", carets = ""] = formatProblems([{ ...base, column: 5001 }], text).split(
      "\n",
    );
    expect(source.length).toBeLessThan(150);
    expect(source.slice(carets.indexOf("^"), carets.lastIndexOf("^") + 1)).toBe("trian");
  });

  test("counts what it does not print", () => {
    const shown = formatProblems(Array<Problem>(25).fill(base), "a\n  trian: 1");
    expect(shown.match(/unknown key/g)).toHaveLength(20);
    expect(shown).toMatch(/\nand 5 more$/);
  });

  test("a place outside the text is printed without failing", () => {
    expect(formatProblems([{ ...base, line: 9, suggestion: null }], "a")).toMatch(/9 \| \n.*\^$/);
  });
});
