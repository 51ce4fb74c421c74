import { expect, test } from "vitest";
import { bashReplacement, readBashLine } from "./bash-line.ts";

test.each<[string, string[], string]>([
  ["", [""], ""],
  ["gauntlet", ["gauntlet"], "gauntlet"],
  ["gauntlet ", ["gauntlet", ""], ""],
  ["gauntlet  runs\tshow am", ["gauntlet", "runs", "show", "am"], "am"],
  ["g 'a b' \"c d\" e\\ f", ["g", "a b", "c d", "e f"], "e\\ f"],
  ['g "a b', ["g", "a b"], '"a b'],
  ["g 'a \"b", ["g", 'a "b'], "'a \"b"],
  ['g "\\$x \\n', ["g", "$x \\n"], '"\\$x \\n'],
  ['g a"b c"d', ["g", "ab cd"], 'a"b c"d'],
  ["g a\\", ["g", "a"], "a\\"],
  ["g $x `y`", ["g", "$x", "`y`"], "`y`"],
])("the words of %j", (line, words, raw) => expect(readBashLine(line)).toEqual({ words, raw }));

test.each<[string, string, string, string | undefined]>([
  // The value, the word as typed, the part of it that Bash replaces, what goes there.
  ["Top five", "To", "To", "Top\\ five"],
  ["Top five", '"To', "To", "Top five"],
  ["Top five", '"To', '"To', "Top\\ five"],
  ["Top five", "Top\\ f", "Top\\ f", "Top\\ five"],
  ["ddn@1.0.0", "ddn@1", "1", "1.0.0"],
  ["ddn@1.0.0", "ddn@", "", "1.0.0"],
  ["--set=Top five", "--set=T", "T", "Top\\ five"],
  ['say "$x"', '"s', "s", 'say \\"\\$x\\"'],
  ["it's", "'i", "i", "it'\\''s"],
  ["a;b|c*", "a", "a", "a\\;b\\|c\\*"],
  ["modèle", "m", "m", "modèle"],
  ["other", "ddn@1", "1", undefined],
])("%j for %j", (value, raw, replaced, expected) =>
  expect(bashReplacement(value, raw, replaced)).toBe(expected),
);
