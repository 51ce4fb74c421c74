/**
 * The Docker runner beside the docker command, in pairs: from the launch to the first line of
 * output, and a log of many megabytes from the engine to a file. Needs a Docker Engine with the
 * image of tests/parts.ts.
 *
 *     node tests/benchmarks/docker.ts [--json] [--launches N] [--megabytes N]
 */
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { LaunchSpec } from "../../core/domain/ports.ts";
import { dockerClient } from "../../core/platform/docker/client.ts";
import { installationFolder } from "../../core/platform/installation.ts";
import { attemptFiles } from "../../core/runners/docker/attempt.ts";
import { followLog } from "../../core/runners/docker/container-log.ts";
import { createDockerRunner } from "../../core/runners/docker/runner.ts";
import { nodeImage } from "../parts.ts";
import { quantile, report } from "../support/benchmark.ts";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean" },
    launches: { type: "string", default: "50" },
    megabytes: { type: "string", default: "100" },
  },
});
const root = mkdtempSync(join(tmpdir(), "gauntlet-docker-"));
const runner = createDockerRunner({
  installation: installationFolder,
  owner: "test",
  secrets: { get: async () => null },
});
const command = ["echo", "first line"];

const user = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;

/** A run folder as the engine of Gauntlet fills it, and the attempt's folder around it. */
function makeFolder(name: string): string {
  const folder = join(root, name);
  mkdirSync(join(folder, "run", "in", "code"), { recursive: true });
  mkdirSync(join(folder, "run", "out"));
  return folder;
}

/**
 * Milliseconds from the start of `docker run` to its first output. It is told all that the runner
 * tells the engine of a job: mounts, limits and the log's driver cost time, and so does the
 * image's entry point, which the runner does not use.
 */
async function dockerRun(index: number): Promise<number> {
  const folder = makeFolder(`command-${index}`);
  const [program = "", ...args] = command;
  const settings = {
    entrypoint: program,
    workdir: "/gauntlet/in/code",
    user,
    label: `gauntlet.benchmark=${process.pid}`,
    "cap-drop": "ALL",
    "security-opt": "no-new-privileges",
    network: "bridge",
    "pids-limit": 4096,
    cpus: 1,
    "shm-size": 2 ** 30,
    "log-driver": "json-file",
    mount: `type=bind,source=${join(folder, "run")},target=/gauntlet`,
  };
  const flags = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
  const more = ["--log-opt=max-size=512m", "--log-opt=max-file=2", "--env=HOME=/tmp"];
  const started = performance.now();
  const child = spawn(
    "docker",
    ["run", "--rm", "--init", "--no-healthcheck", ...flags, ...more, nodeImage, ...args],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const took = await new Promise<number>((resolve) => {
    child.stdout.once("data", () => resolve(performance.now() - started));
  });
  await new Promise((resolve) => child.once("exit", resolve));
  return took;
}

/** The same through the runner, until the line is in the attempt's log. */
async function launch(index: number): Promise<number> {
  const folder = makeFolder(`job-${index}`);
  const key = { job: `benchmark-${process.pid}-${index}`, attempt: 1 };
  const spec: LaunchSpec = {
    key,
    folder,
    command,
    cwd: join(folder, "run", "in", "code"),
    env: {},
    timeLimit: 1e9,
    silenceLimit: 1e9,
    grace: 1000,
    memoryLimit: null,
    shm: null,
    cpus: 1,
    image: { name: nodeImage },
    network: true,
    agent: false,
    logLimit: 2 ** 20,
    gpus: [],
    secrets: [],
  };
  const started = performance.now();
  const launched = runner.launch(spec);
  const hasLine = () => (statSync(join(folder, "log"), { throwIfNoEntry: false })?.size ?? 0) > 0;
  while (!hasLine()) await sleep(1);
  const took = performance.now() - started;
  await launched;
  while ((await runner.observe(folder, key)).kind !== "ended") await sleep(5);
  await runner.release(folder, key);
  return took;
}

/** Times `docker logs`, and our reading, of one ended container. */
async function logTimes(megabytes: number): Promise<{ command: number; ours: number }[]> {
  const docker = await dockerClient();
  const line = "x".repeat(99);
  const code = `const some = Buffer.from(${JSON.stringify(`${line}\n`)}.repeat(10000));
for (let i = 0; i < ${megabytes}; i++) require("node:fs").writeSync(1, some);`;
  const container = await docker.createContainer({ Image: nodeImage, Cmd: ["node", "-e", code] });
  try {
    await container.start();
    await container.wait();
    const times: { command: number; ours: number }[] = [];
    for (let round = 0; round < 5; round++) {
      const out = openSync(join(root, "command-log"), "w");
      let started = performance.now();
      const child = spawn("docker", ["logs", container.id], { stdio: ["ignore", out, "inherit"] });
      await new Promise((resolve) => child.once("exit", resolve));
      const byCommand = performance.now() - started;
      closeSync(out);
      const folder = join(root, `log-${round}`);
      mkdirSync(folder);
      started = performance.now();
      const log = await followLog(container, attemptFiles(folder), 2 ** 30, [], null);
      await log.ended;
      log.close();
      times.push({ command: byCommand, ours: performance.now() - started });
      if (statSync(join(folder, "log")).size !== megabytes * 1e6) throw new Error("a log is cut");
      rmSync(folder, { recursive: true });
    }
    return times;
  } finally {
    await container.remove({ force: true });
  }
}

try {
  const launches = Number(options.launches);
  await dockerRun(0);
  await launch(0);
  const pairs: { command: number; ours: number }[] = [];
  for (let index = 1; index <= launches; index++) {
    // Each goes first as often as the other.
    const ours = index % 2 === 0 ? await launch(index) : null;
    const byCommand = await dockerRun(index);
    pairs.push({ command: byCommand, ours: ours ?? (await launch(index)) });
  }
  const megabytes = Number(options.megabytes);
  const logs = await logTimes(megabytes);
  const median = (values: number[]) => quantile(values, 0.5);
  report("docker", [
    { key: "run_ms", value: median(pairs.map((pair) => pair.command)), unit: "ms" },
    { key: "launch_ms", value: median(pairs.map(({ ours }) => ours)), unit: "ms" },
    {
      key: "launch_ratio",
      value: median(pairs.map((pair) => pair.ours / pair.command)),
      unit: "",
      reach: "<= 1.05",
    },
    {
      key: "logs_mb_s",
      value: (megabytes * 1000) / median(logs.map((log) => log.command)),
      unit: "MB/s",
    },
    {
      key: "log_mb_s",
      value: (megabytes * 1000) / median(logs.map(({ ours }) => ours)),
      unit: "MB/s",
    },
    {
      key: "log_ratio",
      value: median(logs.map((log) => log.command / log.ours)),
      unit: "",
      reach: ">= 0.8",
    },
  ]);
} finally {
  rmSync(root, { recursive: true, force: true });
}
