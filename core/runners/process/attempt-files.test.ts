import { mkdirSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { createDurably, replaceFile, reserveSpace, writeDurably } from "./attempt-files.ts";

test("a file is created once and stays as it was", () => {
  const folder = temporaryFolder();
  const file = join(folder, "claim");
  expect(createDurably(file, "first")).toBe(true);
  expect(createDurably(file, "second")).toBe(false);
  expect(readFileSync(file, "utf8")).toBe("first");
  expect(readdirSync(folder)).toEqual(["claim"]);
});

test("a file is replaced whole, whatever space was reserved", () => {
  const folder = temporaryFolder();
  const file = join(folder, "record");
  for (const write of [writeDurably, replaceFile]) {
    reserveSpace(file, 4096);
    write(file, "short ü");
    expect(readFileSync(file, "utf8")).toBe("short ü");
    expect(readdirSync(folder)).toEqual(["record"]);
  }
});

test("what cannot be replaced throws and can be tried again", () => {
  const file = join(temporaryFolder(), "record");
  mkdirSync(file);
  expect(() => {
    writeDurably(file, "text");
  }).toThrow(/EISDIR|EPERM|EEXIST/);
  rmdirSync(file);
  writeDurably(file, "text");
  expect(readFileSync(file, "utf8")).toBe("text");
});
