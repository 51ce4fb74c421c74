/** GPUs as nvidia-smi tells them, shared out one to a job. */
import { describe, expect, onTestFinished, test } from "vitest";
import { listGpus, parseGpuList } from "../../core/platform/gpus.ts";
import { hasProgram, part } from "../parts.ts";
import { folderWith, logOf, openTestCore, until, untilDone } from "../support/core.ts";

function useNvidiaSmi(program: string): void {
  const before = process.env["GAUNTLET_NVIDIA_SMI"];
  process.env["GAUNTLET_NVIDIA_SMI"] = program;
  onTestFinished(() => {
    if (before === undefined) delete process.env["GAUNTLET_NVIDIA_SMI"];
    else process.env["GAUNTLET_NVIDIA_SMI"] = before;
  });
}

test("nvidia-smi's list is read; what is no GPU is passed over", () => {
  const text = "0, GPU-1, NVIDIA GeForce RTX 3090, 550.54, 24576\nNo devices\n\n1, GPU-2, [N/A]";
  expect(parseGpuList(text)).toEqual([
    {
      index: 0,
      uuid: "GPU-1",
      name: "NVIDIA GeForce RTX 3090",
      driver: "550.54",
      memory: 24576 * 2 ** 20,
    },
  ]);
});

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
