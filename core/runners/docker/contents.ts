/** What an image has inside, found by asking its own Python in a container that lives for a moment. */
import type { ImageContents } from "../../domain/ports.ts";
import {
  answered,
  type Container,
  type ContainerOptions,
  type DockerClient,
  dockerMessage,
  statusOf,
} from "../../platform/docker/client.ts";
import { createDemultiplexer } from "../../platform/docker/demultiplex.ts";
import { unlessAborted } from "../../platform/unless-aborted.ts";
import { packagesScript, readPackages } from "../../platform/python-packages.ts";
import { isMissingProgram } from "./exit.ts";
import { removeContainer, removeContainersOf } from "./watch.ts";

/** In this order: where `python` is another one, it is Python 2. */
const interpreters = ["python3", "python"];
/** Longest time that an image is given to answer, ms. */
const patience = 60_000;
const memory = 512 * 2 ** 20;
const mostProcesses = 64;
/** Kept of what it prints; a list of all of Anaconda takes a hundredth of it. */
const engineLog = { "max-size": "2m", "max-file": "1" };

const label = "gauntlet.contents";

const namePrefix = (owner: string) => `gauntlet-contents-${owner}-`;

/** Removes what an earlier core of this data folder has left that was killed while it asked. */
export function removeLeftContents(docker: DockerClient, owner: string): Promise<void> {
  return removeContainersOf(docker, namePrefix(owner));
}

const nothing: ImageContents = { runtime: null, cuda: null, packages: {} };

/**
 * Asks an image for its Python and packages. The container has no network, no capabilities, nothing
 * of this machine, and a file system that it cannot write to. An image without Python has no
 * packages, and neither has one that answers with something else. Throws what the engine throws, an
 * error where there is no answer in a minute, and the signal's reason.
 * @param owner of the data folder: in the container's name, as removeLeftContents looks for it
 */
export async function imageContents(
  docker: DockerClient,
  imageId: string,
  owner: string,
  signal: AbortSignal,
): Promise<ImageContents> {
  const name = `${namePrefix(owner)}${imageId.replace(/^sha256:/, "").slice(0, 12)}`;
  for (const interpreter of interpreters) {
    signal.throwIfAborted();
    const text = await ask(docker, optionsFor(imageId, name, interpreter), signal);
    if (text !== null) return readPackages(text) ?? nothing;
  }
  return nothing;
}

/** What the container printed; null where there is no such program. */
async function ask(
  docker: DockerClient,
  options: ContainerOptions,
  signal: AbortSignal,
): Promise<string | null> {
  const container = docker.getContainer(options.name ?? "");
  await answered((abortSignal) => removeContainer(container, abortSignal));
  // Of all that is asked, and not of the waiting alone: an engine may hang at any of it.
  const abortSignal = AbortSignal.any([signal, AbortSignal.timeout(patience)]);
  abortSignal.throwIfAborted();
  const making = new AbortController();
  const made = docker.createContainer({ ...options, abortSignal: making.signal });
  try {
    await unlessAborted(made, abortSignal);
    await container.start({ abortSignal });
    await container.wait({ abortSignal });
    return await outputOf(container, abortSignal);
  } catch (error) {
    // The library's own error says less.
    abortSignal.throwIfAborted();
    if (statusOf(error) !== null && isMissingProgram(dockerMessage(error))) return null;
    throw error;
  } finally {
    try {
      await answered(async (abortSignal) => {
        // An engine goes on making what nobody waits for: removed before, it would come to be after.
        await made.catch(() => undefined);
        await removeContainer(container, abortSignal);
      });
    } finally {
      making.abort();
    }
  }
}

async function outputOf(container: Container, abortSignal: AbortSignal): Promise<string> {
  const all = await container.logs({ stdout: true, stderr: true, abortSignal });
  const texts = createDemultiplexer()(all).flatMap(({ from, text }) =>
    from === "output" ? [text] : [],
  );
  return Buffer.concat(texts).toString("utf8");
}

function optionsFor(imageId: string, name: string, interpreter: string): ContainerOptions {
  return {
    name,
    Image: imageId,
    Entrypoint: [interpreter],
    Cmd: ["-c", packagesScript],
    WorkingDir: "/",
    Env: ["HOME=/tmp", "PYTHONDONTWRITEBYTECODE=1"],
    // As jobs do: what is kept from them they cannot load.
    ...(process.getuid && process.getgid && { User: `${process.getuid()}:${process.getgid()}` }),
    Labels: { [label]: imageId },
    Healthcheck: { Test: ["NONE"] },
    HostConfig: {
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      ReadonlyRootfs: true,
      NetworkMode: "none",
      PidsLimit: mostProcesses,
      Memory: memory,
      MemorySwap: memory,
      LogConfig: { Type: "json-file", Config: engineLog },
    },
  };
}
