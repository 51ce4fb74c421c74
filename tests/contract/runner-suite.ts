/** What every runner must do. Jobs talk to the tests through the run folder and their log alone. */
import { randomUUID } from "node:crypto";
import { cp, mkdir, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import type { ExitRecord } from "../../core/domain/job.ts";
import { nodeImage } from "../parts.ts";
import type { LaunchSpec, Observation, Runner } from "../../core/domain/ports.ts";

const jobs = fileURLToPath(new URL("../fixtures/jobs", import.meta.url));

/** Longest wait for anything, ms; nothing that is tested depends on how fast it comes. */
const patience = 60_000;
const timeout = 2 * patience;

export type Attempt = {
  spec: LaunchSpec;
  /** Reads a file of the attempt's folder; null when there is none. */
  read(path: string): Promise<string | null>;
};

/** An attempt's folder as the engine fills it, with the fixture jobs as the code. */
export async function makeAttempt(
  runner: Runner,
  command: string[],
  changes: Partial<LaunchSpec> = {},
  prefix = "gauntlet-runner-",
): Promise<Attempt> {
  const folder = await mkdtemp(join(tmpdir(), prefix));
  const cwd = join(folder, "run", "in", "code");
  await cp(jobs, cwd, { recursive: true });
  await mkdir(join(folder, "run", "out"));
  const spec: LaunchSpec = {
    key: { job: `job-${randomUUID()}`, attempt: 1 },
    folder,
    command,
    cwd,
    env: {},
    secrets: [],
    timeLimit: 10 * patience,
    silenceLimit: 10 * patience,
    grace: patience,
    memoryLimit: null,
    shm: null,
    cpus: 1,
    image: runner.kind === "docker" ? { name: nodeImage } : null,
    network: true,
    agent: false,
    logLimit: 2 ** 20,
    gpus: [],
    ...changes,
  };
  onTestFinished(async () => {
    await runner.release(folder, spec.key);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  return { spec, read: (path) => readIfThere(join(folder, path)) };
}

/** Observes until the attempt is in one of the given states, and fails when it never can be. */
export async function until(
  runner: Runner,
  { spec }: Attempt,
  ...kinds: Observation["kind"][]
): Promise<Observation> {
  const deadline = performance.now() + patience;
  for (;;) {
    const observation = await runner.observe(spec.folder, spec.key);
    if (kinds.includes(observation.kind)) return observation;
    const final = observation.kind === "ended" || observation.kind === "lost";
    if (final || performance.now() > deadline) {
      const log = await readIfThere(join(spec.folder, "log"));
      throw new Error(`not ${kinds.join()}: ${JSON.stringify(observation)}\n${log ?? ""}`);
    }
    await sleep(20);
  }
}

/** Waits for the end and returns its record. */
export async function untilEnded(runner: Runner, attempt: Attempt): Promise<ExitRecord> {
  const observation = await until(runner, attempt, "ended");
  if (observation.kind !== "ended") throw new Error("until() returned another state");
  return observation.exit;
}

/** Waits until a file of the attempt holds a text. */
export async function untilWritten(attempt: Attempt, path: string, text: string): Promise<void> {
  await expect
    .poll(async () => (await attempt.read(path)) ?? "", { timeout: patience, interval: 20 })
    .toContain(text);
}

/** Waits until no heartbeat of stubborn.mjs grows any more. */
export async function untilHeartStops({ spec }: Attempt): Promise<void> {
  const deadline = performance.now() + patience;
  let before = "";
  for (let still = 0; still < 5;) {
    if (performance.now() > deadline) throw new Error(`still growing: ${before}`);
    const sizes = await Promise.all(
      ["parent", "child"].map((name) => sizeOf(join(spec.folder, "run/out", `heartbeat-${name}`))),
    );
    still = sizes.join() === before ? still + 1 : 0;
    before = sizes.join();
    await sleep(100);
  }
}

async function readIfThere(path: string): Promise<string | null> {
  return readFile(path, "utf8").catch(() => null);
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

/**
 * Tests a runner. `makeRunner` gives a new object each time that shares nothing with the others but
 * what is outside this process, as after a restart of the engine.
 */
export function runnerContract(
  name: string,
  makeRunner: () => Runner,
  /** A container ends with its main program, whatever that has left behind. */
  { outlivesWrapper = true } = {},
): void {
  describe(`the ${name} runner`, { timeout }, () => {
    const runner = makeRunner();

    test("runs a command to its end", async () => {
      const attempt = await makeAttempt(runner, ["node", "report.mjs", "0"], {
        env: { GREETING: "hello" },
      });
      expect(await runner.observe(attempt.spec.folder, attempt.spec.key)).toEqual({
        kind: "absent",
      });
      await runner.launch(attempt.spec);
      const exit = await untilEnded(runner, attempt);
      expect(exit).toMatchObject({ code: 0, signal: null, endedBy: "itself", startError: null });
      const report: unknown = JSON.parse((await attempt.read("run/out/report.json")) ?? "null");
      expect(report).toMatchObject({ GREETING: "hello", CUDA_VISIBLE_DEVICES: "", args: [] });
      expect(report).toHaveProperty("cwd", expect.stringMatching(/\/in\/code$/));
    });

    test("passes arguments as they are, without a shell", async () => {
      const args = ["$HOME", "a b", "*", "'\"\\", "", "two\nlines"];
      const attempt = await makeAttempt(runner, ["node", "report.mjs", "0", ...args]);
      await runner.launch(attempt.spec);
      await untilEnded(runner, attempt);
      const report: unknown = JSON.parse((await attempt.read("run/out/report.json")) ?? "null");
      expect(report).toMatchObject({ args });
    });

    test("tells the exit status and keeps both streams in the log", async () => {
      const attempt = await makeAttempt(runner, ["node", "report.mjs", "3"]);
      await runner.launch(attempt.spec);
      expect(await untilEnded(runner, attempt)).toMatchObject({ code: 3, endedBy: "itself" });
      expect(await attempt.read("log")).toBe("this is standard output\nthis is standard error\n");
    });

    test("tells the signal that ended a program", async () => {
      const code = "process.kill(process.pid, 'SIGKILL'); setInterval(() => {}, 1000)";
      const attempt = await makeAttempt(runner, ["node", "-e", code]);
      await runner.launch(attempt.spec);
      expect(await untilEnded(runner, attempt)).toMatchObject({
        code: null,
        signal: "SIGKILL",
        endedBy: "itself",
      });
    });

    test("leaves a complete record", async () => {
      const before = Date.now();
      const attempt = await makeAttempt(runner, ["node", "work.mjs", "800"]);
      await runner.launch(attempt.spec);
      const exit = await untilEnded(runner, attempt);
      expect(exit.startedAt).toBeGreaterThanOrEqual(before);
      expect(exit.endedAt - exit.startedAt).toBeGreaterThanOrEqual(800);
      expect(exit.endedAt).toBeLessThanOrEqual(Date.now());
      expect(exit.logDropped).toBe(0);
      if (process.platform === "linux") {
        expect(exit.peakMemory).toBeGreaterThan(50 * 2 ** 20);
        expect(exit.cpuSeconds).toBeGreaterThan(0);
      }
    });

    test("starts an attempt once, however often it is launched", async () => {
      const attempt = await makeAttempt(runner, ["node", "report.mjs", "0"]);
      await Promise.all([runner.launch(attempt.spec), runner.launch(attempt.spec)]);
      await runner.launch(attempt.spec);
      const exit = await untilEnded(runner, attempt);
      await makeRunner().launch(attempt.spec);
      expect(await untilEnded(makeRunner(), attempt)).toEqual(exit);
      expect(await attempt.read("run/out/starts")).toBe("started\n");
    });

    test("says when the command does not exist or may not be executed", async () => {
      for (const [program, code] of [
        ["no-such-program-anywhere", "ENOENT"],
        ["./report.mjs", "EACCES"],
      ] as const) {
        const attempt = await makeAttempt(runner, [program]);
        await runner.launch(attempt.spec);
        const exit = await untilEnded(runner, attempt);
        expect(exit).toMatchObject({ code: null, signal: null, startError: { code } });
        expect(exit.startError?.message).toContain(program);
      }
    });

    test("asks a program to stop and lets it finish what it saves", async () => {
      const attempt = await makeAttempt(runner, ["node", "polite.mjs"]);
      await runner.launch(attempt.spec);
      await untilWritten(attempt, "log", "ready");
      await runner.stop(attempt.spec.folder, attempt.spec.key);
      await runner.stop(attempt.spec.folder, attempt.spec.key);
      expect(await untilEnded(runner, attempt)).toMatchObject({ code: 0, endedBy: "stopped" });
      expect(await attempt.read("run/out/saved")).toBe("");
    });

    test.runIf(outlivesWrapper)("lets a program finish whose wrapper ends at once", async () => {
      const attempt = await makeAttempt(runner, ["sh", "-c", "node polite.mjs; true"]);
      await runner.launch(attempt.spec);
      await untilWritten(attempt, "log", "ready");
      await runner.stop(attempt.spec.folder, attempt.spec.key);
      expect(await untilEnded(runner, attempt)).toMatchObject({ endedBy: "stopped" });
      expect(await attempt.read("run/out/saved")).toBe("");
    });

    test("kills a program that ignores the request, and its children", async () => {
      const attempt = await makeAttempt(runner, ["node", "stubborn.mjs"], { grace: 300 });
      await runner.launch(attempt.spec);
      await untilWritten(attempt, "log", "child ready");
      await runner.stop(attempt.spec.folder, attempt.spec.key);
      const exit = await untilEnded(runner, attempt);
      expect(exit).toMatchObject({ code: null, signal: "SIGKILL", endedBy: "stopped" });
      expect(await attempt.read("log")).toContain("ignores SIGTERM");
      await untilHeartStops(attempt);
    });

    test("ends children that a program leaves behind", async () => {
      const code = `require("node:child_process").spawn(process.execPath, ["stubborn.mjs", "child"],
        { stdio: "inherit" }).unref(); setTimeout(() => process.exit(), 500)`;
      const attempt = await makeAttempt(runner, ["node", "-e", code]);
      await runner.launch(attempt.spec);
      expect(await untilEnded(runner, attempt)).toMatchObject({ code: 0, endedBy: "itself" });
      await untilHeartStops(attempt);
    });

    test("ends a job at its time limit", async () => {
      const attempt = await makeAttempt(runner, ["node", "chatter.mjs"], { timeLimit: 500 });
      await runner.launch(attempt.spec);
      const exit = await untilEnded(runner, attempt);
      expect(exit).toMatchObject({ signal: "SIGTERM", endedBy: "timed-out" });
      expect(exit.endedAt - exit.startedAt).toBeGreaterThanOrEqual(500);
    });

    test("ends a program that sleeps after a crash", async () => {
      const attempt = await makeAttempt(runner, ["node", "crash-and-sleep.mjs"], {
        silenceLimit: 2000,
      });
      await runner.launch(attempt.spec);
      expect(await untilEnded(runner, attempt)).toMatchObject({ endedBy: "silent" });
      expect(await attempt.read("log")).toContain("device-side assert");
    });

    test("takes metrics as a sign of life", async () => {
      const attempt = await makeAttempt(runner, ["node", "quiet-metrics.mjs", "4000"], {
        silenceLimit: 2500,
      });
      await runner.launch(attempt.spec);
      expect(await untilEnded(runner, attempt)).toMatchObject({ code: 0, endedBy: "itself" });
      expect(await attempt.read("log")).toBe("");
    });

    test("keeps a flood of output within the limit, with its beginning and end", async () => {
      const lines = 100_000;
      const logLimit = 10_000;
      const attempt = await makeAttempt(runner, ["node", "flood.mjs", String(lines)], { logLimit });
      await runner.launch(attempt.spec);
      const exit = await untilEnded(runner, attempt);
      expect(exit).toMatchObject({ code: 0, endedBy: "itself" });
      const log = (await attempt.read("log")) ?? "";
      expect(log.length).toBeLessThanOrEqual(logLimit + 66_000);
      const kept = log.match(/^\d{99}$/gm) ?? [];
      expect(Number(kept[0])).toBe(1);
      expect(Number(kept.at(-1))).toBe(lines);
      expect(log).toContain(`${String(exit.logDropped)} bytes of output are left out here`);
      expect(exit.logDropped).toBeGreaterThan(lines * 100 - logLimit - 66_000);
    });

    test("adopts what runs after a restart of the engine", async () => {
      const attempt = await makeAttempt(runner, ["node", "polite.mjs"]);
      await runner.launch(attempt.spec);
      const first = await until(runner, attempt, "running");
      const next = makeRunner();
      expect(await next.observe(attempt.spec.folder, attempt.spec.key)).toEqual(first);
      await next.launch(attempt.spec);
      await untilWritten(attempt, "log", "ready");
      await next.stop(attempt.spec.folder, attempt.spec.key);
      expect(await untilEnded(next, attempt)).toMatchObject({ code: 0, endedBy: "stopped" });
      expect(await attempt.read("log")).toBe("ready\n");
    });

    test("releases a running attempt at once", async () => {
      const attempt = await makeAttempt(runner, ["node", "stubborn.mjs"]);
      await runner.launch(attempt.spec);
      await untilWritten(attempt, "log", "child ready");
      await runner.release(attempt.spec.folder, attempt.spec.key);
      await runner.release(attempt.spec.folder, attempt.spec.key);
      const { kind } = await runner.observe(attempt.spec.folder, attempt.spec.key);
      expect(["absent", "lost", "ended"]).toContain(kind);
      await untilHeartStops(attempt);
      expect(await attempt.read("log")).toContain("child ready");
    });

    test("knows nothing of an attempt that was never launched", async () => {
      const attempt = await makeAttempt(runner, ["node", "report.mjs", "0"]);
      await runner.stop(attempt.spec.folder, attempt.spec.key);
      await runner.release(attempt.spec.folder, attempt.spec.key);
      expect(await runner.observe(attempt.spec.folder, attempt.spec.key)).toEqual({
        kind: "absent",
      });
    });

    test("copes with any folder name", async () => {
      const prefix = "gauntlet $HOME 'é\"\n*-";
      const attempt = await makeAttempt(runner, ["node", "report.mjs", "0"], {}, prefix);
      await runner.launch(attempt.spec);
      expect(await untilEnded(runner, attempt)).toMatchObject({ code: 0, endedBy: "itself" });
      expect(await attempt.read("run/out/starts")).toBe("started\n");
    });
  });
}
