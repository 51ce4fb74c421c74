import { describe, expect, test } from "vitest";
import { wholeNumbers } from "../../tests/support/random-numbers.ts";
import { splitCommands } from "./words.ts";

const words = (line: string) => splitCommands(line).map((one) => one.words.map(({ text }) => text));
const unfilled = (line: string) =>
  splitCommands(line).flatMap((one) => one.words.flatMap((word) => word.unfilled));

describe("splitCommands", () => {
  test.each<[string, string[]]>([
    ["a  b\tc", ["a", "b", "c"]],
    [`a 'b c' "d e" f\\ g`, ["a", "b c", "d e", "f g"]],
    [`'"device=0,1"'`, ['"device=0,1"']],
    [`"device=\\"0,1\\""`, ['device="0,1"']],
    [`"\\n \\$x \\\\ \\\`"`, ["\\n $x \\ `"]],
    ["a \\\n  b \\\n\tc", ["a", "b", "c"]],
    ["a\\\nb", ["ab"]],
    [`"a\\\nb"`, ["ab"]],
    ["a \\\r\n  b", ["a", "b"]],
    [`'' ""`, ["", ""]],
    ["a#b #c", ["a#b"]],
    ["a\\😀", ["a😀"]],
    ["a $ b$", ["a", "$", "b$"]],
    ["a=$b", ["a=$b"]],
    // Blanks to a reader, letters to a shell.
    ["a\u00a0b\u2028c d", ["a\u00a0b\u2028c", "d"]],
    [`"x $(echo ")" '"') y" z`, [`x $(echo ")" '"') y`, "z"]],
    ["-v `pwd`:/a", ["-v", "`pwd`:/a"]],
  ])("%j", (line, expected) => expect(words(line)).toEqual([expected]));

  test("commands end at operators and line ends; what is redirected is in no word", () => {
    expect(words("a b && c | d; e &\nf")).toEqual([["a", "b"], ["c"], ["d"], ["e"], ["f"]]);
    const [command, ...rest] = splitCommands("a > log 2>&1 b >>x <y &>z");
    expect(rest).toEqual([]);
    expect(command?.words.map(({ text }) => text)).toEqual(["a", "b"]);
    expect(command?.redirections).toEqual([">", "2>&", ">>", "<", "&>"]);
  });

  test.each<[string, string[]]>([
    [
      "$HOME ${HOME:-/a b} $(id -u):$(id -g) `pwd` $1 $$",
      ["$HOME", "${HOME:-/a b}", "$(id -u)", "$(id -g)", "`pwd`", "$1", "$$"],
    ],
    [`'$HOME' \\$HOME "\\$HOME" '~/a' "*.py" \\*`, []],
    [`"$HOME/x y" ~/data a~ ~me/x`, ["$HOME", "~", "~me"]],
    ["*.py a[12] b?", ["*.py", "a[12]", "b?"]],
    ["$'a\\'b'", ["$'a\\'b'"]],
    ["$((1 + (2)))", ["$((1 + (2)))"]],
  ])("what a shell fills in, in %j, is named and left as it stands", (line, expected) =>
    expect(unfilled(line)).toEqual(expected),
  );

  test.each([
    ["a 'b", "`'` at line 1, column 3"],
    ['a\n "b', '`"` at line 2, column 2'],
    ["a $(b", "`$(` at line 1, column 3"],
    ["a ${b", "`${` at line 1, column 3"],
    ["a `b", "at line 1, column 3"],
    ["a \\", "ends in a backslash"],
    ["a \0", "no text"],
    ["a".repeat(70_000), "64 KiB"],
  ])("%j is refused", (line, message) =>
    expect(() => splitCommands(line)).toThrow(
      expect.objectContaining({
        code: "IMPORT_INVALID",
        message: expect.stringContaining(message),
      }),
    ),
  );

  test("a long line takes no longer than its length", () => {
    const begin = performance.now();
    for (const piece of ["a ", "'", "$(", "\\", "<", "~", "`a`", "${a} "]) {
      const line = piece.repeat(60_000 / piece.length);
      try {
        splitCommands(line);
      } catch {
        continue; // Quotes that stay open are refused; that too must be soon.
      }
    }
    expect(performance.now() - begin).toBeLessThan(2000);
  });
});

describe("whatever the words are, quoting them and splitting the line gives them back", () => {
  const alphabet = [
    "a",
    "B",
    "7",
    " ",
    "\t",
    "'",
    '"',
    "\\",
    "$",
    "`",
    "{",
    "}",
    "(",
    ")",
    "|",
    "&",
  ];
  alphabet.push(";", "<", ">", "*", "?", "[", "#", "~", "=", "-", "/", ":", "é", "😀", "\n", ",");

  const quotes = [
    (text: string) => `'${text.replaceAll("'", `'\\''`)}'`,
    (text: string) => `"${text.replace(/[\\"$`]/g, "\\$&")}"`,
    (text: string) =>
      text === "" ? '""' : [...text].map((c) => (c === "\n" ? "'\n'" : `\\${c}`)).join(""),
    (text: string) =>
      [...text]
        .map((c, at) =>
          at % 2 ? `'${c === "'" ? `'\\''` : c}'` : `"${c.replace(/[\\"$`]/, "\\$&")}"`,
        )
        .join("") || "''",
  ];

  test("2,000 lines", () => {
    const next = wholeNumbers(20_181_015);
    for (let round = 0; round < 2000; round++) {
      const expected = Array.from({ length: 1 + next(6) }, () =>
        Array.from({ length: next(9) }, () => alphabet[next(alphabet.length)] ?? "").join(""),
      );
      const blanks = [" ", "  ", "\t", " \\\n "];
      const line = expected
        .map((text) => (quotes[next(quotes.length)] ?? String)(text))
        .join(blanks[next(blanks.length)]);
      expect(splitCommands(line), line).toEqual([
        { words: expected.map((text) => ({ text, unfilled: [] })), end: "", redirections: [] },
      ]);
    }
  });
});
