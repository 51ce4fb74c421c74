import { expect, test } from "vitest";
import { TextCodes } from "./column.ts";

function codes(...texts: string[]): TextCodes {
  const column = new TextCodes(texts.length);
  texts.forEach((text, row) => column.set(row, text));
  return column;
}

test("a text is found in any case, at its start, inside and at its end", () => {
  const column = codes("Alpha", "bALPHAb", "b-alpha", "alph", "İalpha");
  expect([...column.containing("alpha")]).toEqual([1, 1, 1, 0, 1]);
});

test("nothing is found that begins in one text and ends in the next", () => {
  expect([...codes("ab", "cd").containing("b\nc")]).toEqual([0, 0]);
  expect([...codes("ab", "b\nc", "cd", "b\nc\n").containing("b\nc")]).toEqual([0, 1, 0, 1]);
});

test("texts that come later are searched too, and nothing is in every text", () => {
  const column = codes("one", "two");
  expect([...column.containing("o")]).toEqual([1, 1]);
  column.resize(3);
  column.set(2, "three");
  expect([...column.containing("t")]).toEqual([0, 1, 1]);
  expect([...column.containing("")]).toEqual([1, 1, 1]);
});
