import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  descendantsOf,
  identityOf,
  isSameProcess,
  listFromProc,
  listFromPs,
  listProcesses,
  signalGroup,
  signalProcess,
  startedWith,
} from "./process-identity.ts";

const unix = process.platform !== "win32";
const linux = process.platform === "linux";

/** A program that says "ready" and then sleeps, in its own group. */
async function sleeper(
  code = "",
  env: Record<string, string> = {},
): Promise<ChildProcess & { pid: number }> {
  const child = spawn(
    process.execPath,
    ["-e", `${code};console.log("ready");setInterval(() => {}, 1000)`],
    { detached: true, stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, ...env } },
  );
  onTestFinished(() => {
    if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
  });
  await once(child.stdout, "data");
  if (child.pid === undefined) throw new Error("the sleeper did not start");
  return Object.assign(child, { pid: child.pid });
}

describe("the identity of a process", () => {
  test("stays the same and ends with the process", async () => {
    const child = await sleeper();
    const identity = await identityOf(child.pid);
    if (!identity) throw new Error("a live process has an identity");
    expect(await identityOf(child.pid)).toEqual(identity);
    expect(await isSameProcess(identity)).toBe(true);
    const exit = once(child, "exit");
    expect(signalProcess(child.pid, "SIGKILL")).toBe(true);
    await exit;
    expect(await isSameProcess(identity)).toBe(false);
    expect(await identityOf(child.pid)).toBeNull();
    expect(signalProcess(child.pid, "SIGKILL")).toBe(false);
  });

  test.runIf(unix)("tells two processes with one pid apart by their start", async () => {
    const identity = await identityOf(process.pid);
    if (!identity) throw new Error("this process has an identity");
    expect(await isSameProcess({ pid: process.pid, start: `${identity.start}0` })).toBe(false);
  });

  test.runIf(linux)("a zombie does not live", async () => {
    // A shell that has replaced itself by a program that never waits leaves its child a zombie.
    const parent = spawn("sh", ["-c", 'sleep 1000 & echo "$!"; exec sleep 1000'], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void parent.kill("SIGKILL"));
    const [line] = await once(parent.stdout, "data");
    const pid = Number(String(line));
    const comm = `/proc/${String(parent.pid)}/comm`;
    await expect.poll(() => readFileSync(comm, "utf8"), { timeout: 10_000 }).toBe("sleep\n");
    signalProcess(pid, "SIGKILL");
    await expect
      .poll(() => listFromProc().some((entry) => entry.pid === pid), { timeout: 10_000 })
      .toBe(false);
    const identity = await identityOf(pid);
    if (!identity) throw new Error("a zombie still has its pid");
    expect(await isSameProcess(identity)).toBe(false);
  });
});

describe.runIf(unix)("the list of processes", () => {
  test("holds this process with its parent, and descendants of any depth", async () => {
    const child = await sleeper(
      `const { spawn } = require("node:child_process");
       spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" })`,
    );
    const all = await listProcesses();
    expect(all.find((entry) => entry.pid === process.pid)?.parent).toBe(process.ppid);
    expect(all.find((entry) => entry.pid === child.pid)?.group).toBe(child.pid);
    const below = descendantsOf([process.pid], all).map((entry) => entry.pid);
    expect(below).toContain(child.pid);
    expect(below).not.toContain(process.pid);
    expect(descendantsOf([child.pid], all)).toHaveLength(1);
    expect(descendantsOf([], all)).toEqual([]);
  });

  test("ps and /proc agree", async () => {
    const child = await sleeper();
    const mine = (await listFromPs()).find((entry) => entry.pid === child.pid);
    expect(mine).toMatchObject({ parent: process.pid, group: child.pid });
    expect(mine?.start).toMatch(/\d\d:\d\d:\d\d \d{4}$/);
    expect(Math.abs((mine?.order ?? 0) - Date.now())).toBeLessThan(3_600_000);
  });

  test("a signal reaches a whole group", async () => {
    const child = await sleeper();
    const exit = once(child, "exit");
    expect(signalGroup(child.pid, "SIGKILL")).toBe(true);
    expect((await exit)[1]).toBe("SIGKILL");
    expect(signalGroup(child.pid, "SIGKILL")).toBe(false);
  });
});

test.runIf(linux)("the environment that a process was started with can be asked for", async () => {
  const value = "a b\nc=ü";
  const child = await sleeper("", { GAUNTLET_TEST_MARK: value });
  expect(startedWith(child.pid, "GAUNTLET_TEST_MARK", value)).toBe(true);
  expect(startedWith(child.pid, "GAUNTLET_TEST_MARK", "a b")).toBe(false);
  expect(startedWith(2 ** 22 + 1, "GAUNTLET_TEST_MARK", value)).toBe(false);
});
