/** An attack of a challenge in its container, which attacks the images of a folder. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import type { ChallengeEnding } from "../../../shared/challenge.ts";
import { encodeNpy } from "../../../shared/npy.ts";
import { answered, dockerMessage, statusOf } from "../../platform/docker/client.ts";
import type { Container, ContainerInfo, DockerClient } from "../../platform/docker/client.ts";
import { inspectIfThere, removeContainer } from "../../runners/docker/watch.ts";
import { type BoxOptions, createBox, insideBox, lastWordsOf } from "./containers.ts";
import type { ChallengeImage } from "./images.ts";
import type { ModelClient } from "./model-client.ts";
import { type ProxyCounts, startProxy } from "./proxy.ts";
import { isOver, readResult, removeStrange } from "./results.ts";

/** Between two looks whether a container has to be ended, ms. */
const lookInterval = 250;
/** Files that an attack may leave for an image, and room for what it leaves besides results. */
const filesPerImage = 20;
const spareFiles = 1000;
const spareBytes = 256 * 1024 * 1024;

export type Attacked = {
  ended: ChallengeEnding;
  /** Its last words where it did not end well. */
  log: string | null;
  counts: ProxyCounts;
  /** By image: what it left. */
  results: Awaited<ReturnType<typeof readResult>>[];
};

export type AttackOptions = Omit<BoxOptions, "env" | "folders"> & {
  model: ModelClient;
  /** The machine's address on the attack's network. */
  host: string;
  images: readonly ChallengeImage[];
  /** Queries for all images together. */
  quota: number;
  /** Time for all images together, ms. */
  timeLimit: number;
  /** A new folder of this attack's own; gone afterwards. */
  folder: string;
};

/**
 * Lets an attack at a model and gathers what it left once its container is gone. Throws the signal's
 * reason, and what the model threw that gave no label.
 */
export async function runAttack(
  docker: DockerClient,
  options: AttackOptions,
  signal: AbortSignal,
): Promise<Attacked> {
  const { images, folder, model, host, quota } = options;
  const folders = await layOut(folder, images);
  let fault: { error: unknown } | null = null;
  const proxy = await startProxy({
    host,
    model,
    images,
    quota,
    onFault: (error) => (fault ??= { error }),
  });
  try {
    const container = await createBox(docker, {
      ...options,
      env: {
        MODEL_SERVER: host,
        MODEL_PORT: String(proxy.port),
        INPUT_IMG_PATH: insideBox.in,
        INPUT_YML_PATH: `${insideBox.in}/labels.yml`,
        OUTPUT_ADVERSARIAL_PATH: insideBox.out,
      },
      folders,
    });
    let end: Pick<Attacked, "ended" | "log">;
    try {
      end = await runToEnd(container, options, folders.out, () => {
        if (fault) throw fault.error;
        signal.throwIfAborted();
      });
    } finally {
      await removeContainer(container);
    }
    await proxy.close();
    // Read only now: nobody can change them any more.
    const results = await Promise.all(
      images.map((image) => readResult(folders.out, image.name, image)),
    );
    return { ...end, counts: proxy.counts(), results };
  } finally {
    await proxy.close();
    await removeStrange(folder);
  }
}

/** Writes the images as the challenge did: `.npy` files and a list of classes beside them. */
async function layOut(folder: string, images: readonly ChallengeImage[]) {
  const folders = { in: join(folder, "in"), out: join(folder, "out") };
  await mkdir(folders.in, { recursive: true });
  await mkdir(folders.out);
  for (const { name, shape, data } of images)
    await writeFile(
      join(folders.in, `${name}.npy`),
      encodeNpy({ dtype: "|u1", shape: [...shape], data }),
    );
  const classes = images.map(({ name, label, target }) => [`${name}.npy`, target ?? label]);
  await writeFile(join(folders.in, "labels.yml"), stringify(Object.fromEntries(classes)));
  return folders;
}

/** Starts a container and waits for its end, or ends it. `check` throws when there is no use in going on. */
async function runToEnd(
  container: Container,
  { images, timeLimit }: AttackOptions,
  out: string,
  check: () => void,
): Promise<Pick<Attacked, "ended" | "log">> {
  const most = {
    bytes: images.reduce((sum, { data }) => sum + 2 * data.length, spareBytes),
    files: spareFiles + filesPerImage * images.length,
  };
  try {
    await container.start();
  } catch (error) {
    if (statusOf(error) === null) throw error;
    return { ended: "not-started", log: dockerMessage(error) };
  }
  const end = performance.now() + timeLimit;
  let isOut = false;
  const ended = container.wait().then(
    () => (isOut = true),
    () => (isOut = true), // The look below says how it is.
  );
  const stopped = async (why: ChallengeEnding) => {
    // First, so that the log is whole; it is removed afterwards in any case.
    await container.kill().catch(() => undefined);
    return { ended: why, log: await lastWordsOf(container) };
  };
  for (;;) {
    check();
    if (isOut) {
      const info = await answered(inspectIfThere(container));
      if (!info?.State.Running) return endOf(container, info);
    }
    if (performance.now() > end) return stopped("timed-out");
    if (await isOver(out, most)) return stopped("output-too-large");
    await Promise.race([isOut ? new Promise(() => undefined) : ended, sleep(lookInterval)]);
  }
}

async function endOf(
  container: Container,
  info: ContainerInfo | null,
): Promise<Pick<Attacked, "ended" | "log">> {
  if (!info) return { ended: "exit-code", log: "Its container was removed." };
  const { ExitCode, OOMKilled } = info.State;
  if (ExitCode === 0) return { ended: "done", log: null };
  const log = await lastWordsOf(container);
  return { ended: OOMKilled ? "out-of-memory" : "exit-code", log };
}
