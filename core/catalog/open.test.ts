import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { openCatalog } from "./open.ts";

test("a second owner is refused and told who the first is", () => {
  const folder = temporaryFolder();
  const first = openCatalog(folder);
  expect(() => openCatalog(folder)).toThrow(
    expect.objectContaining({
      code: "CATALOG_IN_USE",
      message: expect.stringContaining(`process ${process.pid}`),
    }),
  );
  first.close();
  openCatalog(folder).close();
  expect(existsSync(join(folder, "owner.json"))).toBe(false);
});

test("the folder is free again after its owner was killed", async () => {
  const folder = temporaryFolder();
  const program = fileURLToPath(new URL("../../tests/fixtures/hold-catalog.ts", import.meta.url));
  const owner = fork(program, [folder], { execArgv: [] });
  onTestFinished(() => void owner.kill("SIGKILL"));
  await once(owner, "message");
  expect(() => openCatalog(folder)).toThrow(expect.objectContaining({ code: "CATALOG_IN_USE" }));
  owner.kill("SIGKILL");
  await once(owner, "exit");
  openCatalog(folder).close();
});

test("a file that is no database is damage, not a crash", () => {
  const folder = temporaryFolder();
  writeFileSync(
    join(folder, "catalog.sqlite"),
    "this is not a database, whatever its name says".repeat(50),
  );
  expect(() => openCatalog(folder)).toThrow(expect.objectContaining({ code: "CATALOG_DAMAGED" }));
});
