import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const fixtures = fileURLToPath(new URL("fixtures/reporter", import.meta.url));
const vitest = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));

function run(filter: string) {
  const env = { ...process.env, TESTWORLD_ELECTRON: "/opt/electron", TESTWORLD_CHROMIUM: "" };
  const { status, stdout } = spawnSync(process.execPath, [vitest, "run", filter], {
    cwd: fixtures,
    env,
    encoding: "utf8",
  });
  const lines = stdout.split("\n");
  expect(lines.pop()).toBe("");
  return { status, lines, last: lines.at(-1) };
}

test("the last line counts, and the parts that tests asked for are named", () => {
  const { status, lines } = run("mixed");
  expect(status).toBe(1);
  expect(lines.slice(-3)).toEqual([
    "part chromium: SKIPPED (TESTWORLD_CHROMIUM is not set)",
    "part electron: used (/opt/electron)",
    "2 passed, 1 failed, 1 skipped",
  ]);
});

test.each([
  ["passing", 0, "1 passed, 0 failed, 0 skipped"],
  ["unhandled", 1, "1 passed, 1 failed, 0 skipped"],
  ["broken", 1, "0 passed, 1 failed, 0 skipped"],
  ["only-skipped", 1, "0 passed, 0 failed, 1 skipped"],
  ["no-such-file", 1, "0 passed, 1 failed, 0 skipped"],
])("%s ends with status %i and %s", (filter, expectedStatus, expectedLast) => {
  const { status, last } = run(filter);
  expect({ status, last }).toEqual({ status: expectedStatus, last: expectedLast });
});
