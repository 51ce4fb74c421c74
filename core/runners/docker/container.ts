/** What a container of a job is given, and what it is kept from. */
import { relative, sep } from "node:path";
import type { ContainerOptions } from "../../platform/docker/client.ts";
import { type GpuAccess, gpuRequest } from "../../platform/docker/gpu-request.ts";
import type { LaunchSpec } from "../../domain/ports.ts";
import { containerName } from "./attempt.ts";
import { mountedSecrets, secretPaths, secretsInside, wrapped } from "./secrets.ts";

/** The run folder as a job in a container sees it. */
export const runFolderInside = "/gauntlet";
/** Gauntlet's own Node, for the programs that ask models and attacks. */
const nodeInside = "/opt/gauntlet/node";

/** Where nothing is said: PyTorch's loaders fail in Docker's own 64 MiB. It costs what is used. */
const defaultShm = 2 ** 30;
/** A program that forks without end must not take the machine along. */
const mostProcesses = 4096;
/** Kept by the engine until the log was read; two files of it, bytes as text. */
const engineLog = { "max-size": "512m", "max-file": "2" };

export const labels = { job: "gauntlet.job", attempt: "gauntlet.attempt" } as const;

/** What of the machine a container sees besides its run folder. */
export type Surroundings = {
  /** Absolute folders, mounted read-only where they are: what `in/dataset` links to. */
  readOnly: readonly string[];
  /** Whether the run folder has `in/model/`, which is mounted over itself read-only. */
  hasModel: boolean;
  /** Path of Gauntlet's own Node and its folder, for jobs that run Gauntlet's programs. */
  agent: { node: string; folder: string } | null;
  /** How the engine gives GPUs. */
  gpus: GpuAccess;
  /** User and group that the job's files are to belong to; null where the system has none. */
  user: { uid: number; gid: number } | null;
};

/**
 * How the container of an attempt is made. No privileges, no capabilities, no way to gain any; the
 * network only where the experiment wants it; files belong to whoever runs Gauntlet. No secret's
 * value is in it: anybody who may ask the engine can read it.
 * @param imageId what the image's name meant when the attempt began
 */
export function containerOptions(
  spec: LaunchSpec,
  imageId: string,
  around: Surroundings,
): ContainerOptions {
  const [program = "", ...args] = spec.command;
  const run = `${spec.folder}${sep}run`;
  const inside = relative(run, spec.cwd).split(sep).filter(Boolean);
  const isAgent = around.agent !== null;
  return {
    name: containerName(spec.key),
    Image: imageId,
    // The image's own entry point would be given the command as arguments, whatever it makes of it.
    Entrypoint: wrapped(isAgent && program === "node" ? nodeInside : program, spec.secrets),
    Cmd: args,
    WorkingDir: [runFolderInside, ...inside].join("/"),
    Env: Object.entries(environmentOf(spec)).map(([name, value]) => `${name}=${value}`),
    ...(around.user && { User: `${around.user.uid}:${around.user.gid}` }),
    Labels: { [labels.job]: spec.key.job, [labels.attempt]: String(spec.key.attempt) },
    Healthcheck: { Test: ["NONE"] },
    HostConfig: {
      Init: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      NetworkMode: spec.network ? "bridge" : "none",
      PidsLimit: mostProcesses,
      NanoCpus: spec.cpus * 1e9,
      ShmSize: spec.shm ?? defaultShm,
      // Without swap: a job that is over its limit is to fail, not to crawl.
      ...(spec.memoryLimit !== null && {
        Memory: spec.memoryLimit,
        MemorySwap: spec.memoryLimit,
      }),
      LogConfig: { Type: "json-file", Config: engineLog },
      Mounts: [
        bind(run, runFolderInside, false),
        ...(around.hasModel
          ? [bind(`${run}${sep}in${sep}model`, `${runFolderInside}/in/model`, true)]
          : []),
        ...(spec.secrets.length > 0
          ? [bind(mountedSecrets(spec.folder), secretsInside, true)]
          : []),
        ...around.readOnly.map((folder) => bind(folder, folder, true)),
        ...(around.agent
          ? [
              bind(around.agent.node, nodeInside, true),
              bind(around.agent.folder, around.agent.folder, true),
            ]
          : []),
      ],
      ...(spec.gpus.length > 0 && {
        DeviceRequests: [gpuRequest(around.gpus, spec.gpus)],
      }),
    },
  };
}

/** Programs look for a home, a user's name and the run folder; the caller's own say nothing here. */
function environmentOf(spec: LaunchSpec): Record<string, string> {
  return {
    HOME: "/tmp",
    USER: "gauntlet",
    PYTHONUNBUFFERED: "1",
    ...spec.env,
    ...secretPaths(spec.secrets),
    GAUNTLET_RUN_DIR: runFolderInside,
    // Inside, the given GPUs are numbered from 0; without any, none that slipped in is used.
    ...(spec.gpus.length === 0 && { CUDA_VISIBLE_DEVICES: "" }),
  };
}

function bind(source: string, target: string, readOnly: boolean) {
  return { Type: "bind" as const, Source: source, Target: target, ReadOnly: readOnly };
}
