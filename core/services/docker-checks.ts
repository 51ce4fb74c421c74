/** The chain that jobs in containers rest on: Docker, its disk, and how it gives GPUs. */
import { randomUUID } from "node:crypto";
import { statfs } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { GauntletError } from "../../shared/errors.ts";
import { formatBytes } from "../../shared/format.ts";
import type { CheckView } from "../../shared/views.ts";
import {
  type DockerClient,
  dockerClient,
  dockerError,
  dockerMessage,
} from "../platform/docker/client.ts";

/** Images are large: with less than this one more may not fit, bytes. */
const lowDisk = 10e9;
/** Longest wait for the container that looks for GPUs, ms. */
const patience = 20_000;

/** Empty of GPUs where this machine has none. Never rejects: what is amiss is a check's answer. */
export async function checkDocker(hasGpus: boolean): Promise<CheckView[]> {
  try {
    const docker = await dockerClient();
    const [{ Version, ApiVersion }, info] = await Promise.all([docker.version(), docker.info()]);
    const engine: CheckView = {
      name: "docker",
      state: "ok",
      detail: `Docker Engine ${Version} (API ${ApiVersion})`,
      hint: null,
    };
    const runtimes = Object.keys(info.Runtimes ?? {});
    return [
      engine,
      ...(await checkRoot(String(info.DockerRootDir))),
      ...(hasGpus ? [await checkGpuContainer(docker, runtimes)] : []),
    ];
  } catch (error) {
    const known = dockerError(error);
    return [
      {
        name: "docker",
        state: "warning",
        detail: known instanceof GauntletError ? known.message : dockerMessage(error),
        hint:
          known instanceof GauntletError
            ? `Only needed for experiments with an image. ${known.hint}`
            : null,
      },
    ];
  }
}

/** Nothing where the engine's disk is not this machine's. */
async function checkRoot(folder: string): Promise<CheckView[]> {
  const disk = await statfs(folder).catch(() => null);
  if (!disk) return [];
  const free = disk.bavail * disk.bsize;
  const isLow = free < lowDisk;
  return [
    {
      name: "docker disk",
      state: isLow ? "warning" : "ok",
      detail: `${formatBytes(free)} free for images`,
      hint: isLow ? "docker system df shows what takes it, docker image prune frees some." : null,
    },
  ];
}

/** Whether a container that is given all GPUs sees them. */
async function checkGpuContainer(docker: DockerClient, runtimes: string[]): Promise<CheckView> {
  const answer = (state: CheckView["state"], detail: string, hint: string | null): CheckView => ({
    name: "docker gpus",
    state,
    detail,
    hint,
  });
  const toolkit =
    "Install the NVIDIA Container Toolkit, then sudo nvidia-ctk runtime configure --runtime=docker and restart Docker.";
  const images = await docker.listImages();
  // The toolkit brings nvidia-smi along: any image of a Linux system will do.
  const [smallest] = images
    .filter(({ RepoTags }) => RepoTags?.some((tag) => tag !== "<none>:<none>"))
    .toSorted((a, b) => a.Size - b.Size);
  const hasRuntime = runtimes.includes("nvidia");
  if (!smallest)
    return answer(
      hasRuntime ? "ok" : "warning",
      `${hasRuntime ? "the NVIDIA runtime is there" : "no NVIDIA runtime"}; untried, for there is no image yet`,
      hasRuntime ? null : toolkit,
    );
  const name = `gauntlet-doctor-${randomUUID()}`;
  try {
    const container = await docker.createContainer({
      name,
      Image: smallest.Id,
      Entrypoint: ["nvidia-smi"],
      Cmd: ["-L"],
      HostConfig: {
        NetworkMode: "none",
        CapDrop: ["ALL"],
        SecurityOpt: ["no-new-privileges"],
        DeviceRequests: [{ Driver: "nvidia", Count: -1, Capabilities: [["gpu"]] }],
      },
    });
    await container.start();
    const ended = await Promise.race([
      container.wait() as Promise<{ StatusCode: number }>,
      sleep(patience, null, { ref: false }),
    ]);
    if (ended?.StatusCode === 0) return answer("ok", "a container sees the GPUs", null);
    const why = ended ? `nvidia-smi ended with ${ended.StatusCode}` : "nvidia-smi does not end";
    return answer("failed", `in a container ${why}`, toolkit);
  } catch (error) {
    return answer("failed", dockerMessage(error), toolkit);
  } finally {
    await docker
      .getContainer(name)
      .remove({ force: true })
      .catch(() => undefined); // It may never have come to be.
  }
}
