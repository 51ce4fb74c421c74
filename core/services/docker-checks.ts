/** The chain that jobs in containers rest on: Docker, its disk, and how it gives GPUs. */
import { statfs } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { errorCodes, GauntletError } from "../../shared/errors.ts";
import { formatBytes } from "../../shared/format.ts";
import type { CheckView } from "../../shared/views.ts";
import { type AboutEngine, aboutEngine } from "../platform/docker/about.ts";
import {
  answered,
  type DockerClient,
  dockerClient,
  dockerError,
  dockerMessage,
  statusOf,
} from "../platform/docker/client.ts";
import { type GpuAccess, gpuAccess, gpuRequest } from "../platform/docker/gpu-request.ts";
import { lookName } from "./docker-looks.ts";

/** Images are large: with less than this one more may not fit, bytes. */
const lowDisk = 10e9;
/**
 * The toolkit brings nvidia-smi along, which needs the C library of an ordinary system: images below
 * this size, such as BusyBox and Alpine, have another or none, bytes.
 */
const systemSize = 40e6;
/** Longest wait for the container that looks for GPUs, ms. */
const patience = 20_000;

/** Of GPUs only where this machine has some. Never rejects: what is amiss is a check's answer. */
export async function checkDocker(hasGpus: boolean): Promise<CheckView[]> {
  try {
    const docker = await dockerClient();
    const { version, apiVersion, root } = await aboutEngine(docker);
    const engine: CheckView = {
      name: "docker",
      state: "ok",
      detail: `Docker Engine ${version} (API ${apiVersion})`,
      hint: null,
    };
    return [
      engine,
      ...(await checkRoot(root)),
      ...(hasGpus ? [await gpusInContainers(docker)] : []),
    ];
  } catch (error) {
    return [obstacle(error)];
  }
}

function obstacle(error: unknown): CheckView {
  const known = dockerError(error);
  const isKnown = known instanceof GauntletError;
  const hint = isKnown ? known.hint : "The engine's own log says more: journalctl -u docker.";
  return {
    name: "docker",
    state: "warning",
    detail: isKnown
      ? [known.message.replace(/\.$/, ""), known.details].filter(Boolean).join(": ")
      : `Docker answered: ${dockerMessage(error)}`,
    hint: `Only needed for experiments with an image. ${hint}`,
  };
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

/**
 * Whether a container that is given all GPUs sees them.
 * @param image to make it of; null for one that the engine has
 */
export async function gpusInContainers(
  docker: DockerClient,
  image: string | null = null,
): Promise<CheckView> {
  const [tried, about] = await Promise.all([image ?? anyImage(docker), aboutEngine(docker)]);
  const access = gpuAccess(about);
  const way = access === "cdi" ? " through CDI" : "";
  const answer = answerOf(access);
  if (tried === null) {
    const untried = "untried, for there is no image yet";
    if (access === "cdi") return answer("ok", `CDI lists ${nvidiaDevices(about)}; ${untried}`);
    return about.runtimes.includes("nvidia")
      ? answer("ok", `the NVIDIA runtime is there; ${untried}`)
      : answer("warning", `no NVIDIA runtime; ${untried}`);
  }
  const name = lookName();
  try {
    const container = await docker.createContainer({
      name,
      Image: tried,
      Entrypoint: ["nvidia-smi"],
      Cmd: ["-L"],
      HostConfig: {
        NetworkMode: "none",
        CapDrop: ["ALL"],
        SecurityOpt: ["no-new-privileges"],
        DeviceRequests: [gpuRequest(access, "all")],
      },
    });
    await container.start();
    const ended = await Promise.race([
      container.wait() as Promise<{ StatusCode: number }>,
      sleep(patience, null, { ref: false }),
    ]);
    if (ended?.StatusCode === 0) return answer("ok", `a container sees the GPUs${way}`);
    const why = ended ? `nvidia-smi ended with ${ended.StatusCode}` : "nvidia-smi does not end";
    return answer("failed", `in a container of ${tried} ${why}${way && ", with the GPUs of CDI"}`);
  } catch (error) {
    if (statusOf(error) === null) throw error;
    return answer("failed", dockerMessage(error));
  } finally {
    await docker
      .getContainer(name)
      .remove({ force: true })
      .catch(() => undefined); // It may never have come to be.
  }
}

/** What mends it where the engine's specifications do not fit the driver any more. */
const renewCdi =
  "Write the CDI specification anew, as after an update of the driver: sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml";

function answerOf(access: GpuAccess) {
  const mend = access === "cdi" ? renewCdi : errorCodes.DOCKER_GPUS_UNAVAILABLE.hint;
  return (state: CheckView["state"], detail: string): CheckView => ({
    name: "docker gpus",
    state,
    detail,
    hint: state === "ok" ? null : mend,
  });
}

function nvidiaDevices({ cdiDevices }: AboutEngine): string {
  return cdiDevices.filter((device) => device.startsWith("nvidia.com/gpu=")).join(", ");
}

/** The smallest image that can be hoped to run nvidia-smi, by name; null where there is none. */
async function anyImage(docker: DockerClient): Promise<string | null> {
  const named = (await answered(docker.listImages())).flatMap(({ RepoTags, Size }) => {
    const name = RepoTags?.find((tag) => tag !== "<none>:<none>");
    return name === undefined ? [] : [{ name, size: Size }];
  });
  const bySize = named.toSorted((a, b) => a.size - b.size);
  return (bySize.find(({ size }) => size >= systemSize) ?? bySize.at(-1))?.name ?? null;
}
