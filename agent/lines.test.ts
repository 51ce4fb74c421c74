import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readLines } from "./lines.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gauntlet-lines-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function collect(path: string): Promise<(string | null)[]> {
  const lines: (string | null)[] = [];
  for await (const line of readLines(path)) lines.push(line);
  return lines;
}

async function linesOf(content: string): Promise<(string | null)[]> {
  const path = join(folder, "file");
  await writeFile(path, content);
  return await collect(path);
}

test("lines come in order, the last one with or without a newline", async () => {
  expect(await linesOf("a\n\nb\r\nc")).toEqual(["a", "", "b\r", "c"]);
  expect(await linesOf("a\n")).toEqual(["a"]);
  expect(await linesOf("")).toEqual([]);
});

test("characters and lines that chunks cut apart are whole", async () => {
  const line = "ä€😀".repeat(3000);
  const lines = Array.from({ length: 30 }, () => line);
  expect(await linesOf(lines.join("\n"))).toEqual(lines);
});

test("a line that is too long is passed over, those around it are not", async () => {
  const long = "x".repeat(70_000);
  expect(await linesOf(`a\n${long}\nb\n${long}${long}\nc\n${long}`)).toEqual([
    "a",
    null,
    "b",
    null,
    "c",
    null,
  ]);
});

test("a line of 256 MB takes no memory", async () => {
  const path = join(folder, "huge");
  await writeFile(path, "a\n");
  await truncate(path, 2 ** 28);
  const before = process.memoryUsage().rss;
  expect(await collect(path)).toEqual(["a", null]);
  expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 27);
});

test("a folder is no file", async () => {
  await expect(collect(folder)).rejects.toThrow("not a regular file");
});
