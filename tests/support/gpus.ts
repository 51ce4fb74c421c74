import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";

/** Lets this test and the processes that it starts ask another program as nvidia-smi. */
export function useNvidiaSmi(program: string): void {
  const before = process.env["GAUNTLET_NVIDIA_SMI"];
  process.env["GAUNTLET_NVIDIA_SMI"] = program;
  onTestFinished(() => {
    if (before === undefined) delete process.env["GAUNTLET_NVIDIA_SMI"];
    else process.env["GAUNTLET_NVIDIA_SMI"] = before;
  });
}

/**
 * Two GPUs, `GPU-a` and `GPU-b`, as a pretend nvidia-smi tells them. Returns the file whose lines
 * (GPU, process id, name, MiB) are the processes on them.
 * @param first index of the first
 */
export function pretendGpus(first = 0): string {
  const folder = temporaryFolder();
  const processes = join(folder, "processes.csv");
  const program = join(folder, "nvidia-smi");
  writeFileSync(processes, "");
  writeFileSync(
    program,
    `#!/bin/sh
case "$1" in
--query-compute-apps=*) cat ${processes} ;;
--query-gpu=index,uuid,*)
  echo "${first}, GPU-a, NVIDIA L4, 550.54, 23034, 812, 61, 70.5, 88"
  echo "${first + 1}, GPU-b, NVIDIA L4, 550.54, 23034, 1, 34, 12.1, 0" ;;
--query-gpu=*) echo "${first}, 88, 812, 61, 70.5"; echo "${first + 1}, 0, 1, 34, 12.1" ;;
*) echo "Driver Version: 550.54  CUDA Version: 12.4" ;;
esac
`,
  );
  chmodSync(program, 0o755);
  useNvidiaSmi(program);
  return processes;
}
