/** What a container has used, as the kernel's control groups tell it; both versions of them. */
import { readFile } from "node:fs/promises";
import { isErrno } from "../../platform/errno.ts";

export type GroupUsage = {
  cpuSeconds: number;
  /** Bytes, without what the page cache can give back. */
  memory: number;
  /** Largest memory so far, bytes. */
  peakMemory: number;
  /** Bytes from and to disks so far. */
  readBytes: number;
  writtenBytes: number;
};

/**
 * Reads what the group of a process has used; null where there is no such process or no such group
 * in sight, as with an engine in a virtual machine. It costs a fraction of asking the engine, which
 * answers once a second.
 */
export async function readGroupUsage(
  pid: number,
  roots = { proc: "/proc", groups: "/sys/fs/cgroup" },
): Promise<GroupUsage | null> {
  try {
    const text = await readFile(`${roots.proc}/${pid}/cgroup`, "utf8");
    const paths = new Map(
      text.split("\n").flatMap((line): [string, string][] => {
        const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
        if (controllers === undefined || path === undefined) return [];
        return controllers.split(",").map((name) => [name, path]);
      }),
    );
    const memory = paths.get("memory");
    return memory === undefined
      ? await readUnified(`${roots.groups}${paths.get("") ?? ""}`)
      : await readSeparate(roots.groups, {
          memory,
          cpuacct: paths.get("cpuacct") ?? "",
          blkio: paths.get("blkio") ?? "",
        });
  } catch (error) {
    if (isErrno(error)) return null;
    throw error;
  }
}

/** Version 2: one group for all. */
async function readUnified(group: string): Promise<GroupUsage> {
  const read = (file: string) => readFile(`${group}/${file}`, "utf8");
  const [current, peak, memory, cpu, io] = await Promise.all([
    read("memory.current"),
    read("memory.peak").catch(() => "0"), // since Linux 5.19
    read("memory.stat"),
    read("cpu.stat"),
    read("io.stat").catch(() => ""), // the controller may be off
  ]);
  const used = Math.max(0, Number(current) - valueOf(memory, "inactive_file"));
  const sum = (kind: string) =>
    [...io.matchAll(new RegExp(`${kind}=(\\d+)`, "g"))].reduce(
      (total, [, bytes]) => total + Number(bytes),
      0,
    );
  return {
    cpuSeconds: valueOf(cpu, "usage_usec") / 1e6,
    memory: used,
    peakMemory: Number(peak) || used,
    readBytes: sum("rbytes"),
    writtenBytes: sum("wbytes"),
  };
}

/** Version 1: a hierarchy for each controller. */
async function readSeparate(
  groups: string,
  paths: { memory: string; cpuacct: string; blkio: string },
): Promise<GroupUsage> {
  const read = (controller: keyof typeof paths, file: string) =>
    readFile(`${groups}/${controller}${paths[controller]}/${file}`, "utf8");
  const [current, peak, memory, cpu, io] = await Promise.all([
    read("memory", "memory.usage_in_bytes"),
    read("memory", "memory.max_usage_in_bytes"),
    read("memory", "memory.stat"),
    read("cpuacct", "cpuacct.usage"),
    read("blkio", "blkio.throttle.io_service_bytes").catch(() => ""),
  ]);
  const sum = (kind: string) =>
    [...io.matchAll(new RegExp(`^\\d+:\\d+ ${kind} (\\d+)$`, "gm"))].reduce(
      (total, [, bytes]) => total + Number(bytes),
      0,
    );
  return {
    cpuSeconds: Number(cpu) / 1e9,
    memory: Math.max(0, Number(current) - valueOf(memory, "total_inactive_file")),
    peakMemory: Number(peak),
    readBytes: sum("Read"),
    writtenBytes: sum("Write"),
  };
}

/** The number behind a name at the start of a line; 0 where there is none. */
function valueOf(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1] ?? 0);
}
