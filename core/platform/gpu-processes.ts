/** Who computes on the GPUs of this machine, and whether it is a job of ours. */
import { readFileSync } from "node:fs";
import { excerpt } from "../../shared/visible.ts";
import { isErrno } from "./errno.ts";
import { listGpus } from "./gpus.ts";
import { askNvidiaSmi, nvidiaBytes, nvidiaRows } from "./nvidia-smi.ts";

export type GpuProcess = {
  /** Of the GPU; a process that uses several is listed once for each. */
  uuid: string;
  pid: number;
  name: string;
  /** Bytes of the GPU's memory; null where the driver does not tell. */
  memory: number | null;
  /** Whose it is. `unknown`: its surroundings cannot be read, as in a container or by another user. */
  owner: "job" | "other" | "unknown";
};

/**
 * Processes that compute on GPUs. `jobsFolder` is where this core keeps the folders of its jobs.
 * Null where nvidia-smi has no answer.
 */
export async function listGpuProcesses(jobsFolder: string): Promise<GpuProcess[] | null> {
  try {
    const text = await askNvidiaSmi([
      "--query-compute-apps=gpu_uuid,pid,process_name,used_memory",
      "--format=csv,noheader,nounits",
    ]);
    return parseGpuProcesses(text).map((entry) => ({
      ...entry,
      owner: ownerOf(entry.pid, jobsFolder),
    }));
  } catch {
    return null;
  }
}

/**
 * Who uses GPUs and is no job of this core, in words and by the GPU's index. On GPUs in `held`, by
 * jobs of ours, a process whose surroundings cannot be read is taken for the job's. Empty where
 * nvidia-smi has no answer.
 */
export async function foreignGpuUsers(
  jobsFolder: string,
  held: ReadonlySet<number>,
): Promise<Map<number, string>> {
  const [gpus, processes] = await Promise.all([listGpus(), listGpuProcesses(jobsFolder)]);
  const users = new Map<number, string>();
  for (const { index, uuid } of gpus) {
    const others = (processes ?? []).filter(
      (entry) => entry.uuid === uuid && isForeign(entry, held.has(index)),
    );
    if (others.length > 0)
      users.set(
        index,
        others.map((other) => `${programOf(other)} (pid ${other.pid})`).join(" and "),
      );
  }
  return users;
}

/** Whether a process on a GPU, which a job of ours holds or not, is none of that job's. */
export function isForeign({ owner }: GpuProcess, held: boolean): boolean {
  return owner === "other" || (owner === "unknown" && !held);
}

/** A process's program without its folders, and in no more than a few words. */
export function programOf({ name }: GpuProcess): string {
  return excerpt(name.split("/").at(-1) ?? name, 40);
}

/** Reads nvidia-smi's CSV; a name may hold commas. Lines that are no process are passed over. */
export function parseGpuProcesses(text: string): Omit<GpuProcess, "owner">[] {
  return nvidiaRows(text).flatMap(([uuid, pid, ...rest]) => {
    if (!uuid?.startsWith("GPU-") || !/^\d{1,10}$/.test(pid ?? "") || rest.length < 2) return [];
    const memory = nvidiaBytes(rest.at(-1));
    return [{ uuid, pid: Number(pid), name: rest.slice(0, -1).join(", "), memory }];
  });
}

/** In containers the run folder stands there, whichever core's job it is. */
const containerFolder = "/gauntlet";

/** A job's processes have its run folder in their environment, which children inherit (Linux). */
function ownerOf(pid: number, jobsFolder: string): GpuProcess["owner"] {
  let environment: string;
  try {
    environment = readFileSync(`/proc/${String(pid)}/environ`, "utf8");
  } catch (error) {
    if (isErrno(error)) return "unknown";
    throw error;
  }
  const [folder] = environment
    .split("\0")
    .filter((line) => line.startsWith("GAUNTLET_RUN_DIR="))
    .map((line) => line.slice("GAUNTLET_RUN_DIR=".length));
  if (folder === containerFolder) return "unknown";
  return folder?.startsWith(`${jobsFolder}/`) ? "job" : "other";
}
