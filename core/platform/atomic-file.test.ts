import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { writeFileAtomic } from "./atomic-file.ts";

test("of many writes at once one stands in the end, whole and alone", async () => {
  const folder = temporaryFolder();
  const file = join(folder, "exit.json");
  const contents = Array.from({ length: 50 }, (_, index) => "x".repeat(1 + index * 1000));
  await Promise.all(contents.map((content) => writeFileAtomic(file, content)));
  expect(contents).toContain(readFileSync(file, "utf8"));
  expect(readdirSync(folder)).toEqual(["exit.json"]);
});
