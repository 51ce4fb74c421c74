import { expect, test } from "vitest";
import { displayWidth, excerpt, visible } from "./visible.ts";

test("visible shows what would act on a terminal", () => {
  expect(visible("a\u001b[2J\r\n\t\u007f\u009b\u202e\u2028\ud800z")).toBe(
    "a␛[2J␍␊␉␡\\u{9b}\\u{202e}\\u{2028}\\u{d800}z",
  );
  expect(visible("grüße 日本 😀")).toBe("grüße 日本 😀");
});

test("excerpt cuts to the length and says so", () => {
  expect(excerpt("short")).toBe("short");
  expect(excerpt("x".repeat(60))).toBe("x".repeat(60));
  expect(excerpt("x".repeat(61))).toBe(`${"x".repeat(59)}…`);
  expect([...excerpt("😀".repeat(1000), 10)]).toHaveLength(10);
});

test("displayWidth counts terminal columns", () => {
  expect(displayWidth("abc")).toBe(3);
  expect(displayWidth("日本")).toBe(4);
  expect(displayWidth("e\u0301")).toBe(1);
  expect(displayWidth("😀")).toBe(2);
});
