/** What becomes of secrets when processes are killed on the way of a job. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import type { GivenSecret } from "../../core/domain/ports.ts";
import { secretFolder } from "../../core/platform/secret-folder.ts";
import { createProcessRunner } from "../../core/runners/process/runner.ts";
import { makeAttempt, until, untilEnded, untilWritten } from "./runner-suite.ts";

const timeout = 120_000;
const value = "Tq7-secret/Value+0123456789";
const secrets: GivenSecret[] = [
  { name: "TOKEN", env: "TOKEN", value },
  { name: "KEY", file: "key", value },
];
const supervisor = fileURLToPath(
  new URL("../../core/runners/process/supervisor.ts", import.meta.url),
);
const runner = createProcessRunner();
const code = `console.log("given", process.env.TOKEN.length, process.env.KEY_FILE, process.env.TOKEN);
setTimeout(() => undefined, Number(process.argv[2]));`;

async function attemptFor(time: number) {
  const attempt = await makeAttempt(runner, ["node", "secret.mjs", String(time)], { secrets });
  await writeFile(join(attempt.spec.cwd, "secret.mjs"), code);
  return attempt;
}

function holders(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => join(folder, path))
    .filter((path) => statSync(path).isFile() && readFileSync(path).includes(value));
}

test("a runner that dies before it has said all leaves nothing claimed", { timeout }, async () => {
  const attempt = await attemptFor(0);
  const { folder } = attempt.spec;
  // A job that is stopped at once has left what a launch writes.
  const before = await attemptFor(0);
  await runner.launch(before.spec);
  await untilEnded(runner, before);
  await writeFile(join(folder, "launch.json"), (await before.read("launch.json")) ?? "");
  const child = spawn(process.execPath, [supervisor, folder]);
  let words = "";
  child.stderr.on("data", (chunk: Buffer) => (words += chunk.toString("utf8")));
  child.stdin.end(JSON.stringify(secrets).slice(0, -4));
  expect(await new Promise((resolve) => child.once("exit", resolve))).toBe(1);
  expect(words).toContain("the secrets of the job did not arrive");
  expect(words).not.toContain(value.slice(0, 8));
  expect(await runner.observe(folder, attempt.spec.key)).toEqual({ kind: "absent" });
  await runner.launch(attempt.spec);
  expect((await untilEnded(runner, attempt)).code).toBe(0);
  expect(await attempt.read("log")).toBe(`given 27 ${join(secretFolder(folder), "key")} ***\n`);
  for (const each of [attempt, before]) {
    expect(holders(each.spec.folder)).toEqual([]);
    expect(existsSync(secretFolder(each.spec.folder))).toBe(false);
  }
});

test("what a killed supervisor leaves is taken away", { timeout }, async () => {
  const attempt = await attemptFor(60_000);
  const { folder, key } = attempt.spec;
  await runner.launch(attempt.spec);
  await until(runner, attempt, "running");
  await untilWritten(attempt, "log", "given 27");
  const place = secretFolder(folder);
  onTestFinished(() => expect(existsSync(place)).toBe(false));
  expect(statSync(place).mode & 0o777).toBe(0o700);
  const { pid } = JSON.parse((await attempt.read("supervisor.json")) ?? "") as { pid: number };
  process.kill(pid, "SIGKILL");
  await until(runner, attempt, "lost");
  expect(readFileSync(join(place, "key"), "utf8")).toBe(value);
  await runner.release(folder, key);
  expect(existsSync(place)).toBe(false);
  expect(holders(folder)).toEqual([]);
});
