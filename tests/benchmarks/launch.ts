/**
 * What the process runner adds to a launch: a command that does nothing, started bare and through
 * the runner, alternated so that both meet the same load.
 *
 *     node tests/benchmarks/launch.ts [--json] [--rounds N]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { LaunchSpec, Runner } from "../../core/domain/ports.ts";
import { createProcessRunner } from "../../core/runners/process/runner.ts";
import { quantile, report } from "../support/benchmark.ts";

const command = ["/bin/true"];
/** Compiling the supervisor for the cache happens once per installation, not per launch. */
const warmUps = 2;

const { values: options } = parseArgs({
  options: { json: { type: "boolean" }, rounds: { type: "string", default: "30" } },
});

/** Milliseconds from spawn to the exit event. */
async function launchBare(): Promise<number> {
  const start = performance.now();
  const [program = "", ...args] = command;
  await once(spawn(program, args, { stdio: "ignore" }), "exit");
  return performance.now() - start;
}

/** Milliseconds from launch() until exit.json can be seen, and until the end that it records. */
async function launchThrough(runner: Runner, folder: string, attempt: number) {
  const cwd = join(folder, "run", "in", "code");
  await mkdir(cwd, { recursive: true });
  await mkdir(join(folder, "run", "out"), { recursive: true });
  const spec: LaunchSpec = {
    key: { job: "benchmark", attempt },
    folder,
    command,
    cwd,
    env: {},
    secrets: [],
    timeLimit: 60_000,
    silenceLimit: 60_000,
    grace: 1000,
    memoryLimit: null,
    shm: null,
    cpus: 1,
    image: null,
    network: true,
    agent: false,
    logLimit: 2 ** 20,
    gpus: [],
  };
  const startTime = Date.now();
  const start = performance.now();
  const launched = runner.launch(spec);
  while (!existsSync(join(folder, "exit.json"))) await sleep(1);
  const visible = performance.now() - start;
  await launched;
  const observation = await runner.observe(folder, spec.key);
  if (observation.kind !== "ended" || observation.exit.code !== 0) {
    throw new Error(`the launch failed: ${JSON.stringify(observation)}`);
  }
  return { visible, ended: observation.exit.endedAt - startTime };
}

const rounds = Number(options.rounds);
const root = await mkdtemp(join(tmpdir(), "gauntlet-launch-"));
const bare: number[] = [];
const visible: number[] = [];
const ended: number[] = [];
try {
  const runner = createProcessRunner({ cache: join(root, "cache") });
  for (let round = -warmUps; round < rounds; round++) {
    const bareTime = await launchBare();
    const times = await launchThrough(runner, join(root, String(round)), round + warmUps + 1);
    if (round < 0) continue;
    bare.push(bareTime);
    visible.push(times.visible);
    ended.push(times.ended);
  }
} finally {
  await rm(root, { recursive: true, force: true });
}

const overhead = visible.map((time, index) => time - (bare[index] ?? NaN));
const unit = "ms";
report("launch", [
  { key: "bare_ms_median", value: quantile(bare, 0.5), unit },
  { key: "end_recorded_ms_median", value: quantile(ended, 0.5), unit },
  { key: "runner_ms_median", value: quantile(visible, 0.5), unit },
  { key: "overhead_ms_median", value: quantile(overhead, 0.5), unit, reach: "<= 60" },
  { key: "overhead_ms_p90", value: quantile(overhead, 0.9), unit },
]);
