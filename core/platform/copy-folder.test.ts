import {
  lstatSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { copyFolder } from "./copy-folder.ts";

test("what links lead to is copied, and folders in it", async () => {
  const from = temporaryFolder();
  const elsewhere = join(temporaryFolder(), "object");
  writeFileSync(elsewhere, "content");
  mkdirSync(join(from, "in"));
  symlinkSync(elsewhere, join(from, "in", "linked"));
  const to = join(temporaryFolder(), "copy");
  await copyFolder(from, to);
  expect(lstatSync(join(to, "in", "linked")).isFile()).toBe(true);
  expect(readFileSync(join(to, "in", "linked"), "utf8")).toBe("content");
});

test("a link that leads nowhere is refused", async () => {
  const from = temporaryFolder();
  symlinkSync(join(from, "nothing"), join(from, "linked"));
  const to = join(temporaryFolder(), "copy");
  await expect(copyFolder(from, to)).rejects.toThrow("is no regular file");
});

test("a copy ends in the middle of a large file, with the reason that it is given", async () => {
  const from = temporaryFolder();
  const size = 512 * 2 ** 20;
  writeFileSync(join(from, "large"), "");
  truncateSync(join(from, "large"), size);
  const to = join(temporaryFolder(), "copy");
  const controller = new AbortController();
  const copied = copyFolder(from, to, controller.signal);
  setTimeout(() => controller.abort(new Error("stopped")), 50);
  await expect(copied).rejects.toThrow("stopped");
  expect(lstatSync(join(to, "large")).size).toBeLessThan(size);
});
