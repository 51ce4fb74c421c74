/** What is true of the process runner beyond the contract: kills, races, full disks, environment. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { chmod, mkdir, rm, rmdir, symlink, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import { isSameProcess, listProcesses, startedWith } from "../../core/platform/process-identity.ts";
import { createProcessRunner } from "../../core/runners/process/runner.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import {
  makeAttempt,
  until,
  untilEnded,
  untilHeartStops,
  untilWritten,
  type Attempt,
} from "./runner-suite.ts";

const timeout = 120_000;
const linux = process.platform === "linux";
const launcher = fileURLToPath(new URL("../fixtures/launch-attempt.ts", import.meta.url));
const supervisor = fileURLToPath(
  new URL("../../core/runners/process/supervisor.ts", import.meta.url),
);
const runner = createProcessRunner();

const recordSchema = z.object({
  pid: z.int(),
  start: z.string(),
  job: z.object({ pid: z.int(), start: z.string(), since: z.number() }).nullable(),
});

/** The processes of an attempt, once its job runs. */
async function untilRecorded(attempt: Attempt) {
  await until(runner, attempt, "running");
  const { job, ...self } = recordSchema.parse(
    JSON.parse((await attempt.read("supervisor.json")) ?? ""),
  );
  if (!job) throw new Error("a running attempt has recorded its job");
  return { self, job };
}

async function launchStubborn(): Promise<Attempt> {
  const attempt = await makeAttempt(runner, ["node", "stubborn.mjs"]);
  await runner.launch(attempt.spec);
  await untilWritten(attempt, "log", "child ready");
  return attempt;
}

/** How many live processes carry the attempt's run folder in their environment (Linux). */
async function countProcesses({ spec }: Attempt): Promise<number> {
  const run = join(spec.folder, "run");
  const all = await listProcesses();
  return all.filter(({ pid }) => startedWith(pid, "GAUNTLET_RUN_DIR", run)).length;
}

describe("when something is killed", { timeout }, () => {
  test("an attempt without its supervisor is lost, and release ends what is left of it", async () => {
    const attempt = await launchStubborn();
    const { self } = await untilRecorded(attempt);
    process.kill(self.pid, "SIGKILL");
    expect(await until(runner, attempt, "lost")).toMatchObject({
      detail: expect.stringContaining("without an exit record"),
    });
    await runner.launch(attempt.spec);
    expect(await until(runner, attempt, "lost")).toMatchObject({ kind: "lost" });
    await runner.release(attempt.spec.folder, attempt.spec.key);
    await untilHeartStops(attempt);
    if (linux) expect(await countProcesses(attempt)).toBe(0);
  });

  test.runIf(linux)("release finds a job that its supervisor had no time to record", async () => {
    const attempt = await launchStubborn();
    const { self } = await untilRecorded(attempt);
    process.kill(self.pid, "SIGKILL");
    await until(runner, attempt, "lost");
    const record = { ...self, job: null };
    await writeFile(join(attempt.spec.folder, "supervisor.json"), JSON.stringify(record));
    await runner.release(attempt.spec.folder, attempt.spec.key);
    expect(await countProcesses(attempt)).toBe(0);
    await untilHeartStops(attempt);
  });

  test("a pid that went to another process is not the supervisor", async () => {
    const attempt = await makeAttempt(runner, ["node", "report.mjs", "0"]);
    await writeFile(join(attempt.spec.folder, "launch.json"), "{}");
    const impostor = { pid: process.pid, start: "long ago", job: null };
    const job = { pid: process.ppid, start: "long ago", since: 0 };
    const file = join(attempt.spec.folder, "supervisor.json");
    await writeFile(file, JSON.stringify(impostor));
    expect(await runner.observe(attempt.spec.folder, attempt.spec.key)).toMatchObject({
      kind: "lost",
    });
    // Were the pids taken for the attempt's, this would end the tests.
    await writeFile(file, JSON.stringify({ ...impostor, job }));
    await runner.stop(attempt.spec.folder, attempt.spec.key);
    await runner.release(attempt.spec.folder, attempt.spec.key);
  });

  test("a supervisor that is asked to end stops its job, and that is no success", async () => {
    const attempt = await makeAttempt(runner, ["node", "polite.mjs"]);
    await runner.launch(attempt.spec);
    await untilWritten(attempt, "log", "ready");
    const { self } = await untilRecorded(attempt);
    process.kill(self.pid, "SIGTERM");
    expect(await untilEnded(runner, attempt)).toMatchObject({
      code: null,
      signal: "SIGTERM",
      endedBy: "itself",
    });
    expect(await attempt.read("run/out/saved")).toBe("");
  });

  test("a job whose folder is removed ends", async () => {
    const attempt = await makeAttempt(runner, ["node", "chatter.mjs"]);
    await runner.launch(attempt.spec);
    const { self, job } = await untilRecorded(attempt);
    await rm(attempt.spec.folder, { recursive: true, force: true, maxRetries: 5 });
    await expect.poll(() => isSameProcess(job), { timeout, interval: 50 }).toBe(false);
    await expect.poll(() => isSameProcess(self), { timeout, interval: 50 }).toBe(false);
  });

  test("an engine killed while it launches starts nothing twice and bars nothing", async () => {
    for (let round = 0; round < 8; round++) {
      const attempt = await makeAttempt(runner, ["node", "report.mjs", "0"]);
      const engine = spawn(process.execPath, [launcher, JSON.stringify(attempt.spec)], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const gone = once(engine, "exit");
      await once(engine.stdout, "data");
      // From before launch.json is written until after the job is over.
      await sleep(round * 12);
      engine.kill("SIGKILL");
      await gone;
      await expect
        .poll(async () => (await runner.observe(attempt.spec.folder, attempt.spec.key)).kind)
        .not.toBe("unreachable");
      await runner.launch(attempt.spec);
      expect(await untilEnded(runner, attempt)).toMatchObject({ code: 0 });
      expect(await attempt.read("run/out/starts")).toBe("started\n");
    }
  });
});

describe("starting once", { timeout }, () => {
  test("of several engines that launch at the same time one starts the job", async () => {
    const attempt = await makeAttempt(runner, ["node", "report.mjs", "0"]);
    const engines = Array.from({ length: 4 }, () =>
      spawn(process.execPath, [launcher, JSON.stringify(attempt.spec)], { stdio: "ignore" }),
    );
    const ends = await Promise.all(engines.map((engine) => once(engine, "exit")));
    expect(ends.map(([code]) => code as unknown)).toEqual([0, 0, 0, 0]);
    expect(await untilEnded(runner, attempt)).toMatchObject({ code: 0 });
    expect(await attempt.read("run/out/starts")).toBe("started\n");
  });

  test("a launch that got no further than its file is launched again", async () => {
    const attempt = await makeAttempt(runner, ["node", "report.mjs", "0"]);
    await writeFile(join(attempt.spec.folder, "launch.json"), "{}");
    expect(await runner.observe(attempt.spec.folder, attempt.spec.key)).toEqual({ kind: "absent" });
    await runner.launch(attempt.spec);
    expect(await untilEnded(runner, attempt)).toMatchObject({ code: 0 });
  });

  test("a supervisor on its way to a released attempt starts nothing", async () => {
    const attempt = await makeAttempt(runner, ["node", "report.mjs", "0"]);
    await writeFile(join(attempt.spec.folder, "launch.json"), "{}");
    await runner.release(attempt.spec.folder, attempt.spec.key);
    const late = spawn(process.execPath, [supervisor, attempt.spec.folder], { stdio: "inherit" });
    expect(await once(late, "exit")).toEqual([0, null]);
    await runner.launch(attempt.spec);
    expect(await attempt.read("run/out/starts")).toBeNull();
    expect(await runner.observe(attempt.spec.folder, attempt.spec.key)).toMatchObject({
      kind: "lost",
    });
  });

  test("an attempt that was stopped before it began does not begin", async () => {
    const attempt = await makeAttempt(runner, ["node", "report.mjs", "0"]);
    await writeFile(join(attempt.spec.folder, "launch.json"), "{}");
    await runner.stop(attempt.spec.folder, attempt.spec.key);
    await runner.launch(attempt.spec);
    expect(await untilEnded(runner, attempt)).toMatchObject({ code: null, endedBy: "stopped" });
    expect(await attempt.read("run/out/starts")).toBeNull();
  });

  test("a launch whose supervisor starts nothing fails and can be repeated", async () => {
    const attempt = await makeAttempt(runner, ["node", "report.mjs", "0"]);
    // Taken for every supervisor, and there for nobody who looks.
    const claim = join(attempt.spec.folder, "supervisor.json");
    await symlink("nowhere", claim);
    await expect(runner.launch(attempt.spec)).rejects.toThrow(/did not start: it ended with 0/);
    await rm(claim);
    await runner.launch(attempt.spec);
    expect(await untilEnded(runner, attempt)).toMatchObject({ code: 0 });
  });

  test("damaged records are lost attempts", async () => {
    const attempt = await makeAttempt(runner, ["node", "report.mjs", "0"]);
    await runner.launch(attempt.spec);
    await untilEnded(runner, attempt);
    await writeFile(join(attempt.spec.folder, "exit.json"), '{"code": "zero"');
    expect(await runner.observe(attempt.spec.folder, attempt.spec.key)).toMatchObject({
      kind: "lost",
      detail: expect.stringContaining("exit.json cannot be read"),
    });
  });

  test("tells when a supervisor that it started has gone", async () => {
    const ended: unknown[] = [];
    const listening = createProcessRunner({ onEnded: (key) => ended.push(key) });
    const attempt = await makeAttempt(listening, ["node", "report.mjs", "0"]);
    await listening.launch(attempt.spec);
    await expect.poll(() => ended, { timeout }).toEqual([attempt.spec.key]);
    expect(await listening.observe(attempt.spec.folder, attempt.spec.key)).toMatchObject({
      kind: "ended",
    });
  });
});

describe("the environment of a job", { timeout }, () => {
  async function environmentOf(
    command = ["node", "-p", "JSON.stringify(process.env)"],
    changes: Parameters<typeof makeAttempt>[2] = {},
  ): Promise<Record<string, string>> {
    const cached = createProcessRunner({ cache: temporaryFolder() });
    const attempt = await makeAttempt(cached, command, changes);
    await cached.launch(attempt.spec);
    expect(await untilEnded(cached, attempt)).toMatchObject({ code: 0 });
    return z.record(z.string(), z.string()).parse(JSON.parse((await attempt.read("log")) ?? ""));
  }

  test("has this Node first on its path, the GPUs, the run folder, and nothing of ours", async () => {
    vi.stubEnv("NODE_COMPILE_CACHE", undefined);
    vi.stubEnv("NODE_OPTIONS", undefined);
    onTestFinished(() => void vi.unstubAllEnvs());
    const env = await environmentOf(undefined, { gpus: [2, 0], env: { A: "b=c" } });
    expect(env["PATH"]?.split(delimiter)[0]).toBe(dirname(process.execPath));
    expect(env).toMatchObject({
      CUDA_VISIBLE_DEVICES: "2,0",
      CUDA_DEVICE_ORDER: "PCI_BUS_ID",
      A: "b=c",
    });
    expect(env["GAUNTLET_RUN_DIR"]).toMatch(/run$/);
    // What the user has set in the environment of the tests is passed on.
    const ours = Object.keys(env).filter((name) => name.startsWith("GAUNTLET_"));
    expect(ours.filter((name) => !(name in process.env))).toEqual(["GAUNTLET_RUN_DIR"]);
    expect(env).not.toHaveProperty("NODE_COMPILE_CACHE");
    expect(env).not.toHaveProperty("NODE_OPTIONS");
  });

  test("keeps what the user has set for Node", async () => {
    vi.stubEnv("NODE_COMPILE_CACHE", "");
    vi.stubEnv("NODE_OPTIONS", "--no-warnings");
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(await environmentOf()).toMatchObject({
      NODE_COMPILE_CACHE: "",
      NODE_OPTIONS: "--no-warnings",
    });
  });
});

describe("output", { timeout }, () => {
  test.runIf(linux)(
    "keeps the order of both streams, and lets scripts open them anew",
    async () => {
      const script =
        'for i in 1 2 3 4 5; do echo "$i out"; echo "$i err" >&2; done; echo again >/dev/stderr';
      const attempt = await makeAttempt(runner, ["sh", "-c", script]);
      await runner.launch(attempt.spec);
      expect(await untilEnded(runner, attempt)).toMatchObject({ code: 0 });
      const lines = [1, 2, 3, 4, 5].map((i) => `${String(i)} out\n${String(i)} err\n`).join("");
      expect(await attempt.read("log")).toBe(`${lines}again\n`);
    },
  );

  test.runIf(linux)("does not wait for a stray that holds it, and ends that stray", async () => {
    const script = "setsid sleep 1000 & setsid sleep 1000 >/dev/null 2>&1 & sleep 0.3; echo done";
    const attempt = await makeAttempt(runner, ["sh", "-c", script]);
    await runner.launch(attempt.spec);
    expect(await untilEnded(runner, attempt)).toMatchObject({ code: 0, endedBy: "itself" });
    expect(await attempt.read("log")).toBe("done\n");
    await expect.poll(() => countProcesses(attempt), { timeout }).toBe(0);
  });

  test.runIf(linux)("a full disk costs the log, not the job", async () => {
    const attempt = await makeAttempt(runner, ["node", "flood.mjs", "2000"]);
    await symlink("/dev/full", join(attempt.spec.folder, "log"));
    await runner.launch(attempt.spec);
    expect(await untilEnded(runner, attempt)).toMatchObject({ code: 0, logDropped: 200_000 });
  });

  test("an exit record that cannot be written yet is written later", async () => {
    const attempt = await makeAttempt(runner, ["node", "report.mjs", "7"]);
    const obstacle = join(attempt.spec.folder, "exit.json");
    await runner.launch(attempt.spec);
    await mkdir(obstacle);
    await untilWritten(attempt, "log", "standard error");
    await sleep(300);
    await rmdir(obstacle);
    expect(await untilEnded(runner, attempt)).toMatchObject({ code: 7 });
  });
});

describe("resources", { timeout }, () => {
  test.runIf(linux)("ends a job that takes more memory than it may", async () => {
    const attempt = await makeAttempt(runner, ["node", "work.mjs", "60000"], {
      memoryLimit: 20 * 2 ** 20,
    });
    await runner.launch(attempt.spec);
    const exit = await untilEnded(runner, attempt);
    expect(exit).toMatchObject({ signal: "SIGKILL", endedBy: "out-of-memory" });
    expect(exit.peakMemory).toBeGreaterThan(20 * 2 ** 20);
  });

  test.runIf(linux)("records CPU, memory, disk and the GPUs that were given", async () => {
    const attempt = await makeAttempt(runner, ["node", "work.mjs", "1500"], { gpus: [1] });
    const smi = join(attempt.spec.folder, "nvidia-smi");
    await writeFile(smi, '#!/bin/sh\necho "0, 99, 99"\necho "1, 87, 1024, 61, 301.5"\n');
    await chmod(smi, 0o755);
    vi.stubEnv("GAUNTLET_NVIDIA_SMI", smi);
    onTestFinished(() => void vi.unstubAllEnvs());
    await runner.launch(attempt.spec);
    await untilEnded(runner, attempt);
    const text = readFileSync(join(attempt.spec.folder, "resources.jsonl"), "utf8");
    const samples = text
      .trimEnd()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    expect(samples.length).toBeGreaterThan(1);
    expect(samples.at(-1)).toEqual({
      time: expect.any(Number),
      cpuSeconds: expect.any(Number),
      memory: expect.any(Number),
      readBytes: expect.any(Number),
      writtenBytes: expect.any(Number),
      diskFree: expect.any(Number),
      gpus: [{ index: 1, utilisation: 87, memory: 2 ** 30, temperature: 61, power: 301.5 }],
    });
    expect(samples.at(-1)).toHaveProperty(
      "memory",
      expect.toSatisfy((n) => n > 50 * 2 ** 20),
    );
  });
});

const mayMount = linux && process.getuid?.() === 0;

test.runIf(mayMount)(
  "a disk that is full to the last byte still gets the exit record",
  { timeout },
  async () => {
    const attempt = await makeAttempt(runner, ["sh", "-c", "cat /dev/zero > fill; exit 5"]);
    const { folder } = attempt.spec;
    const disk = join(folder, "disk");
    await mkdir(disk);
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], { stdio: "ignore" });
    } catch {
      return; // A container may be root and still not allowed to mount.
    }
    onTestFinished(() => void execFileSync("umount", ["-l", disk]));
    await mkdir(join(disk, "run"));
    const spec = { ...attempt.spec, folder: disk, cwd: join(disk, "run") };
    await runner.launch(spec);
    expect(await untilEnded(runner, { ...attempt, spec })).toMatchObject({ code: 5 });
  },
);
