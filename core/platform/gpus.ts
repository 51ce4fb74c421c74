import { askNvidiaSmi, nvidiaBytes, nvidiaNumber, nvidiaRows } from "./nvidia-smi.ts";

export type Gpu = {
  index: number;
  uuid: string;
  name: string;
  driver: string;
  /** Bytes. */
  memory: number;
  /** Bytes in use, by whomever; null, as all below, where the GPU does not tell. */
  memoryUsed: number | null;
  /** Degrees Celsius. */
  temperature: number | null;
  /** Watts. */
  power: number | null;
  /** Share of the time in which it worked, in percent. */
  utilisation: number | null;
};

const fields =
  "index,uuid,name,driver_version,memory.total,memory.used,temperature.gpu,power.draw,utilization.gpu";

/** The NVIDIA GPUs of this machine; none where `nvidia-smi` is absent or has no answer. */
export async function listGpus(): Promise<Gpu[]> {
  try {
    return parseGpuList(
      await askNvidiaSmi([`--query-gpu=${fields}`, "--format=csv,noheader,nounits"]),
    );
  } catch {
    return []; // No driver, no GPU: `gauntlet doctor` says so in words.
  }
}

/** Reads nvidia-smi's CSV; lines that are no GPU are passed over. */
export function parseGpuList(text: string): Gpu[] {
  return nvidiaRows(text).flatMap(
    ([index, uuid, name, driver, memory, used, temperature, power, utilisation]) => {
      if (!/^\d+$/.test(index ?? "") || !uuid || !name || !driver) return [];
      return [
        {
          index: Number(index),
          uuid,
          name,
          driver,
          memory: nvidiaBytes(memory) ?? 0,
          memoryUsed: nvidiaBytes(used),
          temperature: nvidiaNumber(temperature),
          power: nvidiaNumber(power),
          utilisation: nvidiaNumber(utilisation),
        },
      ];
    },
  );
}

/** By driver: it stays the same as long as the driver does, and only a slow answer tells it. */
const cudaVersions = new Map<string, string>();

/** The newest CUDA version that a driver knows, such as `12.4`; null where it does not tell. */
export async function cudaVersion(driver: string): Promise<string | null> {
  const known = cudaVersions.get(driver);
  if (known !== undefined) return known;
  try {
    // No query tells it; the head of the summary does.
    const [, version] = /CUDA Version:\s*(\d+(?:\.\d+)*)/.exec(await askNvidiaSmi([])) ?? [];
    if (version === undefined) return null;
    cudaVersions.set(driver, version);
    return version;
  } catch {
    return null; // The driver has just gone; the list of GPUs says so.
  }
}
