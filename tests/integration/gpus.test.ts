/** GPUs as nvidia-smi tells them, shared out one to a job. */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { listGpus } from "../../core/platform/gpus.ts";
import { hasProgram, part } from "../parts.ts";
import { folderWith, logOf, openTestCore, until, untilDone } from "../support/core.ts";
import { pretendGpus, useNvidiaSmi } from "../support/gpus.ts";

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
