import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { listAmdGpus } from "./amd-gpus.ts";
import { foreignGpuUsers, listGpuProcesses, parseGpuProcesses } from "./gpu-processes.ts";
import { cudaVersion, listGpus, parseGpuList } from "./gpus.ts";

/** A program of one shell script, which this process asks as nvidia-smi. */
function pretendNvidiaSmi(script: string): void {
  vi.stubEnv("GAUNTLET_NVIDIA_SMI", programOf(script));
  onTestFinished(() => void vi.unstubAllEnvs());
}

function programOf(script: string): string {
  const file = join(temporaryFolder(), "program");
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** A program that sleeps, with this run folder in its environment. */
function sleeper(runFolder?: string): number {
  const env = { PATH: process.env["PATH"], ...(runFolder && { GAUNTLET_RUN_DIR: runFolder }) };
  const child: ChildProcess = spawn("sleep", ["60"], { env, stdio: "ignore" });
  onTestFinished(() => void child.kill());
  return child.pid ?? 0;
}

test("nvidia-smi's list is read; what it does not tell is null, what is no GPU passed over", () => {
  const text =
    "0, GPU-1, NVIDIA GeForce RTX 3090, 550.54, 24576, 312, 36, 24.51, 7\nNo devices\n\n" +
    "1, GPU-2, [N/A]\n2, GPU-3, Tesla K80, 470.1, 11441, [N/A], [N/A], [Not Supported], [N/A]\n";
  expect(parseGpuList(text)).toEqual([
    {
      index: 0,
      uuid: "GPU-1",
      name: "NVIDIA GeForce RTX 3090",
      driver: "550.54",
      memory: 24576 * 2 ** 20,
      memoryUsed: 312 * 2 ** 20,
      temperature: 36,
      power: 24.51,
      utilisation: 7,
    },
    {
      index: 2,
      uuid: "GPU-3",
      name: "Tesla K80",
      driver: "470.1",
      memory: 11441 * 2 ** 20,
      memoryUsed: null,
      temperature: null,
      power: null,
      utilisation: null,
    },
  ]);
});

test("processes are read; names may hold commas", () => {
  const text =
    "GPU-1, 42, python3, 812\nGPU-1, 43, /opt/a, b/run --x, [N/A]\nNo running processes found\n, 1, a, 2\n";
  expect(parseGpuProcesses(text)).toEqual([
    { uuid: "GPU-1", pid: 42, name: "python3", memory: 812 * 2 ** 20 },
    { uuid: "GPU-1", pid: 43, name: "/opt/a, b/run --x", memory: null },
  ]);
});

test.runIf(process.platform === "linux")(
  "a process is a job's by the run folder in its environment",
  async () => {
    const jobs = join(temporaryFolder(), "jobs");
    const ours = sleeper(join(jobs, "a", "1", "run"));
    const theirs = sleeper(join(temporaryFolder(), "jobs", "a", "1", "run"));
    const contained = sleeper("/gauntlet");
    const other = sleeper();
    const gone = 2 ** 22 + 1; // Above every number that Linux gives.
    const pids = [ours, theirs, contained, other, gone];
    pretendNvidiaSmi(`case "$1" in
--query-compute-apps=*) for pid in ${pids.join(" ")}; do echo "GPU-1, $pid, /usr/bin/sleep, 5"; done ;;
*) echo "3, GPU-1, L4, 550, 24576" ;;
esac`);
    // The environment is the parent's until the program has been loaded.
    await vi.waitFor(async () => {
      const processes = await listGpuProcesses(jobs);
      expect(processes?.map(({ owner }) => owner)).toEqual([
        "job",
        "other",
        "unknown",
        "other",
        "unknown",
      ]);
    });
    const named = (...list: number[]) => list.map((pid) => `sleep (pid ${pid})`).join(" and ");
    expect(await foreignGpuUsers(jobs, new Set())).toEqual(
      new Map([[3, named(theirs, contained, other, gone)]]),
    );
    expect(await foreignGpuUsers(jobs, new Set([3]))).toEqual(new Map([[3, named(theirs, other)]]));
  },
);

test("a driver that fails or is absent tells of nobody", async () => {
  pretendNvidiaSmi("echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 18");
  expect(await listGpus()).toEqual([]);
  expect(await listGpuProcesses("/jobs")).toBeNull();
  expect(await foreignGpuUsers("/jobs", new Set())).toEqual(new Map());
  expect(await cudaVersion("of a failing driver")).toBeNull();
});

test("the CUDA version stands in the head of the summary, which is asked for once a driver", async () => {
  const folder = temporaryFolder();
  pretendNvidiaSmi(`echo asked >> ${folder}/log
echo "| NVIDIA-SMI 550.54.15    Driver Version: 550.54.15    CUDA Version: 12.4     |"`);
  expect(await cudaVersion("550.54.15")).toBe("12.4");
  vi.stubEnv("GAUNTLET_NVIDIA_SMI", "/dev/null/no-such-program");
  expect(await cudaVersion("550.54.15")).toBe("12.4");
});

test("AMD's GPUs are known from the kernel, or else from rocm-smi", async () => {
  const drm = temporaryFolder();
  const cards: [string, string, string?][] = [
    ["card0", "0x10de"],
    ["card1", "0x1002", "AMD Instinct MI210\n"],
    ["card2", "0x1002"],
    ["card1-DP-1", "0x1002"],
  ];
  for (const [card, vendor, name] of cards) {
    const device = join(drm, card, "device");
    mkdirSync(device, { recursive: true });
    writeFileSync(join(device, "vendor"), `${vendor}\n`);
    if (name !== undefined) writeFileSync(join(device, "product_name"), name);
  }
  const absent = "/dev/null/no-such-program";
  expect(await listAmdGpus(drm, absent)).toEqual(["AMD Instinct MI210", "AMD GPU (card2)"]);
  const rocm = programOf(`echo "GPU[0]		: Card Series: 		AMD Radeon RX 7900 XTX"
echo "GPU[0]		: Card Vendor: 		Advanced Micro Devices"`);
  expect(await listAmdGpus("/dev/null/none", rocm)).toEqual(["AMD Radeon RX 7900 XTX"]);
  expect(await listAmdGpus("/dev/null/none", absent)).toEqual([]);
});
