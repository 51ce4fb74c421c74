import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { describeEnvironment } from "./environment.ts";

async function packagesWith(lockfile: string) {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "package-lock.json"), lockfile);
  return (await describeEnvironment(["node", "train.mjs"], folder)).packages;
}

test("the packages of a lockfile are recorded", async () => {
  const packages = { "": {}, "node_modules/zod": { version: "4.0.0" }, "node_modules/odd": {} };
  expect(await packagesWith(JSON.stringify({ packages }))).toEqual({ zod: "4.0.0" });
});

test.each([
  "<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> theirs\n",
  "",
  "null",
  `{"packages": null}`,
  `{"packages": {"node_modules/zod": null}}`,
])("a lockfile that is none is no failure: %j", async (text) => {
  expect(await packagesWith(text)).toEqual({});
});
