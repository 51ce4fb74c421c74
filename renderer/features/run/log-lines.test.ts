import { expect, test } from "vitest";
import { appendLog, findLine, logParts, shownLine } from "./log-lines.ts";

const plain = { colour: null, bold: false };

test("pages of a log are cut anywhere", () => {
  const lines: string[] = [];
  appendLog(lines, "one\ntw");
  appendLog(lines, "o\n");
  appendLog(lines, "three");
  expect(lines).toEqual(["one", "two", "three"]);
});

test("a progress bar that is drawn again and again is drawn once", () => {
  expect(shownLine("10 %\r20 %\r30 %\r")).toBe("30 %");
  expect(logParts("\u001b[31m10 %\r\u001b[32mdone")).toEqual([
    { ...plain, text: "done", colour: 2 },
  ]);
});

test("colours and weight are kept as what they are, all else that a terminal obeys goes", () => {
  expect(
    logParts("\u001b[1;31merror:\u001b[0m \u001b[2Kno \u001b[38;5;4mroom\u001b[39m left"),
  ).toEqual([
    { text: "error:", colour: 1, bold: true },
    { ...plain, text: " " },
    { ...plain, text: "no " },
    { ...plain, text: "room", colour: 4 },
    { ...plain, text: " left" },
  ]);
  expect(logParts("\u001b[38;2;1;31;2mtrue\u001b[48;5;31mcolour\u001b[93m!")).toEqual([
    { ...plain, text: "true" },
    { ...plain, text: "colour" },
    { ...plain, text: "!", colour: 3 },
  ]);
  expect(
    shownLine("\u001b]8;;http://evil/\u0007link\u001b]8;;\u001b\\ \u001b[?25l\u001b[1mbold"),
  ).toBe("link bold");
  // What is no sequence is made visible.
  expect(logParts("\u001b<b>\u202e")).toEqual([{ ...plain, text: "\u241b<b>\\u{202e}" }]);
});

test("a line is found forwards and backwards, over either end, whatever its case and colours", () => {
  const lines = ["Loss 1", "\u001b[31mlo\u001b[0mss 2", "accuracy", "LOSS 3"];
  expect(findLine(lines, "loss", 0, false)).toBe(0);
  expect(findLine(lines, "loss", 1, false)).toBe(1);
  expect(findLine(lines, "loss", 4, false)).toBe(0);
  expect(findLine(lines, "loss", -1, true)).toBe(3);
  expect(findLine(lines, "loss", 2, true)).toBe(1);
  expect(findLine(lines, "gone", 0, false)).toBe(-1);
  expect(findLine([], "loss", 0, true)).toBe(-1);
});
