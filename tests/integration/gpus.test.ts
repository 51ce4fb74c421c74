/** GPUs as nvidia-smi tells them, shared out one to a job. */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { listGpus } from "../../core/platform/gpus.ts";
import { hasProgram, part } from "../parts.ts";
import { runCli } from "../support/cli.ts";
import { folderWith, logOf, openTestCore, until, untilDone } from "../support/core.ts";
import { pretendGpus, useNvidiaSmi } from "../support/gpus.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test("without nvidia-smi there are no GPUs, and a job that asks for one is told so", async () => {
  useNvidiaSmi("/dev/null/no-such-program");
  expect(await listGpus()).toEqual([]);
  const { client } = await openTestCore();
  const folder = folderWith({
    "gauntlet.yaml": `name: gpu\ntrain: { command: [node, -e, "0"], resources: { gpus: 1 } }\n`,
  });
  const { run } = await client.runs.submit({ folder });
  await untilDone(client, [run]);
  expect(await client.runs.get({ run })).toMatchObject({
    state: "failed",
    reason: "unschedulable",
  });
  expect(await client.system.gpus({})).toMatchObject({
    gpus: [],
    cuda: null,
    absent: expect.stringContaining("no NVIDIA GPU answers"),
  });
  const check = (await client.system.doctor({})).find(({ name }) => name === "gpus");
  expect(check).toMatchObject({ state: "warning", hint: expect.stringContaining("cannot run") });
});

test.runIf(process.platform === "linux")(
  "a GPU that another program uses is given to no job until it has ended, and all say so",
  async () => {
    const apps = pretendGpus();
    const other = spawn("sleep", ["300"], { stdio: "ignore" });
    onTestFinished(() => void other.kill());
    writeFileSync(apps, `GPU-a, ${other.pid}, /usr/bin/sleep, 800\n`);
    const { client } = await openTestCore();
    // The job itself appears on the GPU that it was given.
    const program = `import { appendFileSync } from "node:fs";
const uuid = process.env.CUDA_VISIBLE_DEVICES === "1" ? "GPU-b" : "GPU-a";
appendFileSync(${JSON.stringify(apps)}, uuid + ", " + process.pid + ", node, 100\\n");
setTimeout(() => {}, 1500);`;
    const folder = folderWith({
      "gauntlet.yaml": `name: gpu\nparameters: { n: { type: integer, default: 0 } }\ntrain: { command: [node, train.mjs], resources: { gpus: 1 } }\n`,
      "train.mjs": program,
      "both/gauntlet.yaml": `name: both\ntrain: { command: [node, -e, "0"], resources: { gpus: 2 } }\n`,
    });
    const { run } = await client.runs.submit({ folder });
    await until(async () => (await client.runs.get({ run })).state === "running");
    const report = await until(async () => {
      const now = await client.system.gpus({});
      return (now.gpus[1]?.processes.length ?? 0) > 0 && now;
    });
    expect(report).toMatchObject({
      cuda: "12.4",
      absent: null,
      gpus: [
        {
          temperature: 61,
          power: 70.5,
          utilisation: 0.88,
          processes: [{ pid: other.pid, name: "sleep", foreign: true }],
        },
        { temperature: 34, processes: [{ name: "node", foreign: false }] },
      ],
    });
    expect((await client.system.doctor({})).find(({ name }) => name === "gpus")).toEqual({
      name: "gpus",
      state: "warning",
      detail: expect.stringMatching(
        /0: NVIDIA L4, 61 °C, 71 W, 88 % busy, .*, used by sleep \(pid \d+\); 1: .*; driver 550.54; CUDA 12.4$/,
      ),
      hint: expect.stringContaining("given to no job"),
    });
    const both = await client.runs.submit({ folder: join(folder, "both") });
    const waiting = await until(async () => {
      const { jobs } = await client.system.queue({ limit: 10 });
      return jobs.find((job) => job.run === both.run && job.condition !== null);
    });
    expect(waiting).toMatchObject({
      state: "queued",
      condition: `waits for a GPU: in use by other programs are GPU 0 by sleep (pid ${other.pid})`,
    });
    await untilDone(client, [run]);
    writeFileSync(apps, "");
    await untilDone(client, [both.run]);
    expect(await client.runs.get({ run: both.run })).toMatchObject({ state: "succeeded" });
    const [use] = await client.runs.resources({ run });
    expect(use?.samples.at(-1)).toMatchObject({
      gpus: [{ index: 1, temperature: 34, power: 12.1 }],
    });
  },
);

/** An experiment whose training waits for a file, with these resources. */
function waiting(name: string, resources: string, gate: string): string {
  return folderWith({
    "gauntlet.yaml": `name: ${name}\ntrain: { command: [node, train.mjs], resources: { ${resources} } }\n`,
    "train.mjs": `import { existsSync } from "node:fs";
console.log("sees", process.env.CUDA_VISIBLE_DEVICES);
while (!existsSync(${JSON.stringify(gate)})) await new Promise((resolve) => setTimeout(resolve, 50));`,
  });
}

test("jobs that ask for a share of a GPU share one, others never join them, and all say so", async () => {
  const apps = pretendGpus();
  const gate = join(temporaryFolder(), "gate");
  const { client, data } = await openTestCore(undefined, { cpus: 8 });
  onTestFinished(() => writeFileSync(gate, ""));
  const half = waiting("half", "gpus: 1, gpu_share: 0.5", gate);
  const submit = async (folder: string, seed = 0) =>
    (await client.runs.submit({ folder, seed })).run;
  const gpusOf = async (run: string) => {
    const [attempt] = (await client.runs.get({ run })).attempts;
    return attempt?.state === "running" ? attempt.gpus : undefined;
  };
  const none = await client.experiments.readiness({ folder: half });
  expect(none.findings).toMatchObject([
    { state: "note", message: expect.stringContaining("50 % of a GPU") },
  ]);
  expect(none.findings[0]?.message).toMatch(/; none runs now\.$/);

  const [first, second] = [await submit(half), await submit(half, 1)];
  const alone = await submit(waiting("alone", "gpus: 1", gate));
  expect(await until(() => gpusOf(first))).toEqual([0]);
  expect(await until(() => gpusOf(second))).toEqual([0]);
  expect(await until(() => gpusOf(alone))).toEqual([1]);
  const third = await submit(half, 2);
  const { jobs } = await client.system.queue({ limit: 10 });
  expect(jobs.map(({ state, gpus, slots }) => [state, gpus, slots.gpuShare])).toEqual([
    ["running", [0], 0.5],
    ["running", [0], 0.5],
    ["running", [1], null],
    ["queued", [], 0.5],
  ]);
  expect((await client.system.overview({})).slots.gpus).toEqual({ used: 2, total: 2 });
  const { findings } = await client.experiments.readiness({ folder: half });
  const names = jobs.map(({ name }) => name);
  expect(findings[0]?.message).toBe(
    `train takes 50 % of a GPU, and shares it with jobs that give a gpu_share, too; now ${names[0]} 50 % of GPU 0, ${names[1]} 50 % of GPU 0.`,
  );
  const told = await runCli(["run", half, "--dry-run"], data);
  expect(told.stdout).toContain("50 % of GPU 0");

  // Another program on a shared GPU keeps the next job off it, though a half is free.
  const other = spawn("sleep", ["300"], { stdio: "ignore" });
  onTestFinished(() => void other.kill());
  writeFileSync(apps, `GPU-a, ${other.pid}, /usr/bin/sleep, 800\n`);
  await sleep(5000); // The driver is asked every few seconds only.
  await client.runs.stop({ run: first });
  await untilDone(client, [first]);
  const held = await until(async () => (await client.runs.get({ run: third })).condition ?? false);
  expect(held).toBe(
    `waits for a GPU: in use by other programs are GPU 0 by sleep (pid ${other.pid})`,
  );
  writeFileSync(apps, "");
  expect(await until(() => gpusOf(third))).toEqual([0]);
  writeFileSync(gate, "");
  await untilDone(client, [second, alone, third]);
  expect(await logOf(client, third)).toContain("sees 0\n");
});

test("a share of a GPU is of one, and less than all of it", async () => {
  const { client } = await openTestCore();
  for (const [resources, message] of [
    ["gpus: 2, gpu_share: 0.5", "gpu_share is of one GPU"],
    ["gpu_share: 0.5", "gpu_share is of one GPU"],
    ["gpus: 1, gpu_share: 1", "a whole GPU is gpus: 1 alone"],
    ["gpus: 1, gpu_share: 0", "at least 0.01"],
  ] as const)
    await expect(
      client.runs.submit({ folder: waiting("odd", resources, "") }),
    ).rejects.toMatchObject({
      data: { code: "SPEC_INVALID", details: expect.stringContaining(message) },
    });
});

describe.skipIf(!hasProgram("nvidia-smi"))("with GPUs [nvidia-smi]", () => {
  test("each job sees the one that it was given, and its attempt records driver and index", async () => {
    useNvidiaSmi(part("nvidia-smi").at);
    const gpus = await listGpus();
    expect(gpus.length).toBeGreaterThan(0);
    const { client } = await openTestCore();
    const program = `console.log("sees " + process.env.CUDA_VISIBLE_DEVICES); setTimeout(() => {}, 600);`;
    const folder = folderWith({
      "gauntlet.yaml": `name: gpu\ntrain: { command: [node, train.mjs], resources: { gpus: 1 } }\n`,
      "train.mjs": program,
    });
    const runs: string[] = [];
    for (let seed = 0; seed < 3; seed++)
      runs.push((await client.runs.submit({ folder, seed })).run);
    const held = await until(async () => {
      const details = await Promise.all(runs.map((run) => client.runs.get({ run })));
      const now = details.flatMap(({ attempts }) => attempts).filter((a) => a.state === "running");
      return now.length > 0 && now.flatMap((attempt) => attempt.gpus);
    });
    expect(new Set(held).size).toBe(held.length);
    await untilDone(client, runs);
    for (const run of runs) {
      const [attempt] = (await client.runs.get({ run })).attempts;
      expect(await logOf(client, run)).toBe(`sees ${attempt?.gpus[0]}\n`);
      expect(attempt?.environment).toMatchObject({
        gpus: expect.arrayContaining([expect.objectContaining({ driver: gpus[0]?.driver })]),
      });
    }
  });
});
