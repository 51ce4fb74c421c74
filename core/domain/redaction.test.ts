import { expect, test } from "vitest";
import { createRedactor } from "./redaction.ts";

/** What comes out when `text` comes in pieces of `size` bytes. */
function redacted(values: readonly string[], text: string, size: number): string {
  const out: Buffer[] = [];
  const redactor = createRedactor(values, (chunk) => out.push(Buffer.from(chunk)));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) redactor.write(bytes.subarray(at, at + size));
  redactor.end();
  return Buffer.concat(out).toString("utf8");
}

const value = 'tök"en/+12345678';

test.each([1, 2, 3, 5, 7, 11, 1000])("in pieces of %d bytes", (size) => {
  const base64 = Buffer.from(value).toString("base64");
  const text = `a ${value}${value} b ${base64} ${JSON.stringify({ value })} ${encodeURIComponent(value)} töktök`;
  expect(redacted([value], text, size)).toBe('a ****** b ***= {"value":"***"} *** töktök');
});

test.each([1, 4, 9, 1000])("the longer of two that begin alike, pieces of %d", (size) => {
  const values = ["abcdefgh", "abcdefghijkl"];
  expect(redacted(values, "abcdefgh abcdefghijkl abcdefghijk abcdefg", size)).toBe(
    "*** *** ***ijk abcdefg",
  );
});

test.each([1, 6, 1000])("each line of a key, pieces of %d", (size) => {
  const key = "-----BEGIN-----\nMIIEvQIBADAN\nshort\n-----END KEY-----\n";
  expect(redacted([key], `${key}|MIIEvQIBADAN|short|`, size)).toBe("***|***|short|");
});

test("nothing is kept back that cannot become a value", () => {
  const out: string[] = [];
  const redactor = createRedactor([value], (chunk) => out.push(chunk.toString("utf8")));
  redactor.write(Buffer.from("step 1\n"));
  expect(out.join("")).toBe("step 1\n");
  redactor.write(Buffer.from("step 2 tö"));
  expect(out.join("")).toBe("step 1\nstep 2 ");
  redactor.write(Buffer.from("ne\n"));
  expect(out.join("")).toBe("step 1\nstep 2 töne\n");
});

test("short values are left", () => {
  expect(redacted(["1234567"], "1234567", 3)).toBe("1234567");
});

test("much output full of values is fast", () => {
  const text = "12345678".repeat(500_000);
  const started = performance.now();
  expect(redacted(["12345678", "0123456789ABCDEF"], text, 65_536)).toBe("***".repeat(500_000));
  expect(performance.now() - started).toBeLessThan(5000);
});
