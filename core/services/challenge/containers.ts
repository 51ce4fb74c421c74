/** Containers and networks of challenges: what they are given, what they are kept from, how they go. */
import { setTimeout as sleep } from "node:timers/promises";
import {
  answered,
  type Container,
  type ContainerOptions,
  type DockerClient,
  statusOf,
} from "../../platform/docker/client.ts";
import { createDemultiplexer, joinTexts } from "../../platform/docker/demultiplex.ts";
import { removeContainer } from "../../runners/docker/watch.ts";

/** Whose a container or network is: of which data folder, and of which challenge. */
export type Owner = { folder: string; challenge: string };

const labels = { folder: "gauntlet.challenge-folder", challenge: "gauntlet.challenge" } as const;

const labelsOf = (owner: Owner) => ({
  [labels.folder]: owner.folder,
  [labels.challenge]: owner.challenge,
});

/** Neither models nor attacks are to take the machine along. */
const mostProcesses = 512;
const temporaryBytes = 1024 * 1024 * 1024;
/** Bytes of one file that a container can write, and of its output that the engine keeps. */
const largestFile = 64 * 1024 * 1024;
const engineLog = { "max-size": "1m", "max-file": "2" };
/** Characters of the end of what a container wrote that a person is shown. */
const lastWords = 2000;

export type BoxOptions = {
  owner: Owner;
  /** Of the container: it says what it is for. */
  name: string;
  imageId: string;
  network: string;
  env: Readonly<Record<string, string>>;
  /** Bytes. */
  memory: number;
  /** Folders of the machine by where they are seen; `out` alone can be written to. */
  folders: { in: string; out: string } | null;
};

/** Where an attack sees its folders. */
export const insideBox = { in: "/challenge/in", out: "/challenge/out" } as const;

/**
 * Makes a container that is not started yet. It has no privileges and no capabilities and can gain none,
 * one network, and a file system that it cannot write to but for /tmp and `out`.
 */
export function createBox(docker: DockerClient, options: BoxOptions): Promise<Container> {
  const { owner, name, imageId, network, env, memory, folders } = options;
  const made: ContainerOptions = {
    name,
    Image: imageId,
    Env: Object.entries({ HOME: "/tmp", PYTHONUNBUFFERED: "1", ...env }).map(
      ([key, value]) => `${key}=${value}`,
    ),
    ...(process.getuid && process.getgid && { User: `${process.getuid()}:${process.getgid()}` }),
    Labels: labelsOf(owner),
    Healthcheck: { Test: ["NONE"] },
    HostConfig: {
      Init: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      ReadonlyRootfs: true,
      Tmpfs: { "/tmp": `rw,exec,nosuid,nodev,size=${temporaryBytes}` },
      NetworkMode: network,
      // Older engines answer names on networks without a way outside by asking the machine's resolver.
      Dns: ["127.0.0.1"],
      PidsLimit: mostProcesses,
      Memory: memory,
      MemorySwap: memory,
      Ulimits: [{ Name: "fsize", Soft: largestFile, Hard: largestFile }],
      LogConfig: { Type: "json-file", Config: engineLog },
      Mounts: folders
        ? [bind(folders.in, insideBox.in, true), bind(folders.out, insideBox.out, false)]
        : [],
    },
  };
  return docker.createContainer(made);
}

function bind(source: string, target: string, readOnly: boolean) {
  return { Type: "bind" as const, Source: source, Target: target, ReadOnly: readOnly };
}

/** Makes a network without a way outside. Returns the machine's own address on it. */
export async function createPrivateNetwork(
  docker: DockerClient,
  owner: Owner,
  name: string,
): Promise<string> {
  const network = await docker.createNetwork({
    Name: name,
    Driver: "bridge",
    Internal: true,
    CheckDuplicate: true,
    Labels: labelsOf(owner),
  });
  const { IPAM } = (await network.inspect()) as { IPAM?: { Config?: { Gateway?: string }[] } };
  const gateway = IPAM?.Config?.[0]?.Gateway;
  if (gateway === undefined) throw new Error(`the network ${name} has no gateway`);
  return gateway;
}

/** The address of a running container on a network; empty once it has ended. */
export async function addressOn(container: Container, network: string): Promise<string> {
  const { NetworkSettings } = await container.inspect();
  return NetworkSettings.Networks[network]?.IPAddress ?? "";
}

/** The end of what a container wrote, as text. */
export async function lastWordsOf(container: Container): Promise<string> {
  const raw = await container.logs({ stdout: true, stderr: true, tail: 40 });
  return joinTexts(createDemultiplexer()(raw)).toString("utf8").slice(-lastWords).trim();
}

/** Removes all containers and networks of a challenge. */
export function removeChallenge(docker: DockerClient, owner: Owner): Promise<void> {
  return removeAll(docker, `${labels.challenge}=${owner.challenge}`, () => true);
}

/**
 * Removes what challenges of a data folder left that ended without cleaning up: a core owns its
 * folder alone, so that whatever is of none of its own challenges is nobody's.
 */
export function sweepChallenges(
  docker: DockerClient,
  folder: string,
  isUnderWay: (challenge: string) => boolean,
): Promise<void> {
  return removeAll(docker, `${labels.folder}=${folder}`, (found) => {
    const challenge = found[labels.challenge];
    return challenge === undefined || !isUnderWay(challenge);
  });
}

async function removeAll(
  docker: DockerClient,
  label: string,
  isMeant: (found: Readonly<Record<string, string>>) => boolean,
): Promise<void> {
  const filters = { label: [label] };
  for (const { Id, Labels } of await answered(docker.listContainers({ all: true, filters })))
    if (isMeant(Labels)) await removeContainer(docker.getContainer(Id));
  for (const { Id, Labels } of await answered(docker.listNetworks({ filters })))
    if (isMeant(Labels ?? {})) await removeNetwork(docker, Id);
}

/** Longest time that an engine takes to let go of the address of a container that is gone, ms. */
const letGo = 5000;

async function removeNetwork(docker: DockerClient, id: string): Promise<void> {
  const end = performance.now() + letGo;
  for (;;) {
    try {
      await docker.getNetwork(id).remove();
      return;
    } catch (error) {
      if (statusOf(error) === 404) return;
      if (statusOf(error) !== 403 || performance.now() > end) throw error;
      await sleep(100);
    }
  }
}
