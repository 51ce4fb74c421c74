/** A model of a challenge in its container. */
import { setTimeout as sleep } from "node:timers/promises";
import { GauntletError } from "../../../shared/errors.ts";
import { excerpt } from "../../../shared/visible.ts";
import type { Container, DockerClient } from "../../platform/docker/client.ts";
import { inspectIfThere, removeContainer } from "../../runners/docker/watch.ts";
import { addressOn, type BoxOptions, createBox, lastWordsOf } from "./containers.ts";
import { createModelClient, type ModelClient, ModelFault } from "./model-client.ts";
import { modelPort } from "./protocol.ts";

/** Between two questions whether a model is ready, ms. */
const probeInterval = 100;
/** The challenge's own server ends after so many thousand queries; ours are counted elsewhere. */
const unlimited = "1000000";

export type ModelBox = {
  client: ModelClient;
  /** What to tell of a model that gave no label: CHALLENGE_MODEL_FAILED, with its last words. */
  failure(cause: unknown): Promise<unknown>;
  remove(): Promise<void>;
};

/**
 * Starts a model and waits until it answers. Throws CHALLENGE_MODEL_NOT_READY, and the signal's reason.
 * @param patience how long it may take, ms
 */
export async function startModel(
  docker: DockerClient,
  image: string,
  options: Omit<BoxOptions, "env" | "folders">,
  patience: number,
  signal: AbortSignal,
): Promise<ModelBox> {
  const container = await createBox(docker, {
    ...options,
    env: { MODEL_PORT: String(modelPort), NUM_OF_MAX_PREDICTIONS: unlimited },
    folders: null,
  });
  const notReady = async (why: string, details = "") =>
    new GauntletError("CHALLENGE_MODEL_NOT_READY", `The model ${excerpt(image, 200)} ${why}.`, {
      details: details || (await lastWordsOf(container)) || undefined,
    });
  try {
    await container.start();
  } catch (error) {
    throw await notReady("cannot be started", error instanceof Error ? error.message : "");
  }
  const end = performance.now() + patience;
  const client = createModelClient(await addressOn(container, options.network), modelPort);
  while (!(await client.isReady())) {
    signal.throwIfAborted();
    const ended = await endOf(container);
    if (ended !== null) throw await notReady(`ended (${ended}) before it answered`);
    if (performance.now() > end)
      throw await notReady(`has not answered GET / on port ${modelPort} for ${patience / 1000} s`);
    await sleep(probeInterval);
  }
  return {
    client,
    async failure(cause) {
      if (!(cause instanceof ModelFault)) return cause;
      const ended = await endOf(container);
      const why = ended === null ? cause.message : `Its container has ended (${ended}).`;
      return new GauntletError(
        "CHALLENGE_MODEL_FAILED",
        `The model ${excerpt(image, 200)} gave no label. ${why}`,
        { details: (await lastWordsOf(container)) || undefined, cause },
      );
    },
    remove: () => removeContainer(container),
  };
}

/** How a container has ended; null while it runs. */
async function endOf(container: Container): Promise<string | null> {
  const info = await inspectIfThere(container);
  if (!info) return "removed";
  if (info.State.Running) return null;
  return info.State.OOMKilled ? "out of memory" : `exit status ${info.State.ExitCode}`;
}
