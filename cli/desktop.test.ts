import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../tests/support/temporary-folder.ts";
import { findDesktop, openDesktop } from "./desktop.ts";

const display = { DISPLAY: ":0" };
const quiet = () => undefined;

test("a window is opened only where it can be seen and its sandbox works", async () => {
  const find = (env: NodeJS.ProcessEnv, isRoot = false) => findDesktop("linux", env, isRoot, quiet);
  expect(await find({ ...display, SSH_CONNECTION: "a b" })).toEqual({
    reason: "this is a session over SSH",
  });
  expect(await find({})).toEqual({ reason: "there is no display" });
  expect(await find(display, true)).toEqual({
    reason: "the sandbox of its pages does not work for root",
  });
});

test("a runtime of one's own is taken where it is, and missed by name", async () => {
  const folder = temporaryFolder();
  const env = { ...display, ELECTRON_OVERRIDE_DIST_PATH: folder };
  const program = join(folder, "electron");
  expect(await findDesktop("linux", env, false, quiet)).toEqual({
    reason: `${program} is not there`,
  });
  mkdirSync(folder, { recursive: true });
  writeFileSync(program, "");
  expect(await findDesktop("linux", env, false, quiet)).toEqual({ electron: program });
});

test.skipIf(process.platform === "win32")(
  "a window that fails at once is told, one that was open is not",
  async () => {
    const program = join(temporaryFolder(), "electron");
    writeFileSync(program, "#!/bin/sh\nexit 3\n");
    chmodSync(program, 0o755);
    expect(await openDesktop(program, "/data")).toBe("it ended with 3");
    writeFileSync(program, "#!/bin/sh\nexit 0\n");
    expect(await openDesktop(program, "/data")).toBeNull();
  },
);
