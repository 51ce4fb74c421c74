import { runProgram } from "./run-program.ts";

export type Gpu = {
  index: number;
  uuid: string;
  name: string;
  driver: string;
  /** Bytes. */
  memory: number;
};

/** The NVIDIA GPUs of this machine; none where `nvidia-smi` is absent or has no answer. */
export async function listGpus(): Promise<Gpu[]> {
  const program = process.env["GAUNTLET_NVIDIA_SMI"] ?? "nvidia-smi";
  let text: string;
  try {
    text = await runProgram(program, [
      "--query-gpu=index,uuid,name,driver_version,memory.total",
      "--format=csv,noheader,nounits",
    ]);
  } catch {
    return []; // No driver, no GPU: `gauntlet doctor` says so in words.
  }
  return parseGpuList(text);
}

/** Reads nvidia-smi's CSV; lines that are no GPU are passed over. */
export function parseGpuList(text: string): Gpu[] {
  return text.split("\n").flatMap((line) => {
    const [index, uuid, name, driver, memory] = line.split(",").map((field) => field.trim());
    if (!/^\d+$/.test(index ?? "") || !uuid || !name || !driver) return [];
    return [{ index: Number(index), uuid, name, driver, memory: Number(memory) * 2 ** 20 || 0 }];
  });
}
