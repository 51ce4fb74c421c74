import { setTimeout as sleep } from "node:timers/promises";
import { GauntletError } from "../../../shared/errors.ts";
import { formatBytes } from "../../../shared/format.ts";
import { diskFullError, type DockerClient, dockerMessage, statusOf } from "./client.ts";
import { loginFor, registryOf } from "./logins.ts";
import { type ImageListener, readProgress } from "./progress.ts";

/** Between two lines about the layers, ms. */
const sayInterval = 2000;
/** Before a registry that could not be reached is asked again, ms; then it is given up on. */
const pauses = [2_000, 10_000];

type PullEvent = {
  status?: string;
  id?: string;
  progressDetail?: { current?: number; total?: number };
};

/**
 * Fetches an image, with what `docker login` has kept for its registry. The listener hears of the
 * whole once in a while, not of each layer at each megabyte. A registry that cannot be reached or
 * breaks off is asked again twice.
 * Throws IMAGE_NOT_FOUND, IMAGE_FORBIDDEN, IMAGE_LIMITED and IMAGE_UNAVAILABLE with the registry's
 * words, DOCKER_DISK_FULL, and the signal's reason when it is aborted.
 */
export async function pullImage(
  docker: DockerClient,
  name: string,
  listener: ImageListener,
  signal: AbortSignal,
): Promise<void> {
  listener.say(`Fetching ${name}`);
  listener.doing(`fetching the image ${name}`);
  for (let tried = 0; ; tried++) {
    try {
      return await pullOnce(docker, name, listener, signal);
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      if (statusOf(cause) === null && !(cause instanceof Error && cause.name === "ProgressError"))
        throw cause;
      const full = diskFullError(cause);
      if (full) throw full;
      const error = pullError(name, dockerMessage(cause), cause);
      const pause = pauses[tried];
      if (!error.retryable || pause === undefined) throw error;
      const again = `${error.details ?? error.message}; it is tried again in ${pause / 1000} s`;
      listener.say(again);
      listener.doing(`fetching the image ${name}: ${again}`);
      await waited(pause, signal);
    }
  }
}

async function waited(pause: number, signal: AbortSignal): Promise<void> {
  // The library's own error says less than the signal's reason.
  await sleep(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
}

async function pullOnce(
  docker: DockerClient,
  name: string,
  { say, doing }: ImageListener,
  signal: AbortSignal,
): Promise<void> {
  const login = await loginFor(name, signal);
  signal.throwIfAborted();
  const stream = await docker.pull(name, {
    abortSignal: signal,
    ...(login && { authconfig: login }),
  });
  const progress = createPullProgress();
  let saidAt = performance.now();
  let saidBroken = false;
  await readProgress<PullEvent>(stream, signal, (event) => {
    progress.take(event);
    // The engine itself goes on with a layer that broke off, five times, and counts the seconds.
    const isBroken = event.status?.startsWith("Retrying") === true;
    if (isBroken && !saidBroken)
      say("The connection to the registry broke off; Docker goes on from there");
    saidBroken = isBroken;
    const far = progress.text();
    if (performance.now() - saidAt < sayInterval || far === null) return;
    saidAt = performance.now();
    say(far);
    doing(`fetching the image ${name}: ${far.charAt(0).toLowerCase()}${far.slice(1)}`);
  });
}

/** Adds up what an engine tells of each layer by itself. */
export function createPullProgress() {
  const layers = new Map<string, { current: number; total: number }>();
  let isUnpacking = false;
  return {
    take({ status, id, progressDetail: { current = 0, total = 0 } = {} }: PullEvent): void {
      if (id === undefined) return;
      const layer = layers.get(id);
      if (status === "Downloading" && total > 0) layers.set(id, { current, total });
      else if (layer && (status === "Download complete" || status === "Pull complete"))
        layer.current = layer.total;
      if (status === "Extracting" && layer) isUnpacking = true;
    },
    /** Such as `Fetched 3.1 MB of 12.0 MB so far`; null before any layer has come. */
    text(): string | null {
      if (layers.size === 0) return null;
      const sum = (part: "current" | "total") =>
        [...layers.values()].reduce((bytes, layer) => bytes + layer[part], 0);
      const [current, total] = [sum("current"), sum("total")];
      return current === total && isUnpacking
        ? `Fetched ${formatBytes(total)}, unpacking them`
        : `Fetched ${formatBytes(current)} of ${formatBytes(total)} so far`;
    },
  };
}

/**
 * What it means that an image was not given, by the engine's words: older engines answer 500 to all
 * that a registry says. What is not known is taken for a trouble that may pass.
 */
export function pullError(name: string, words: string, cause?: unknown): GauntletError {
  const details = { details: words, cause };
  const registry = registryOf(name);
  if (/no basic auth|unauthorized|authentication required|access denied|denied:/i.test(words))
    return new GauntletError(
      "IMAGE_FORBIDDEN",
      `${registry} does not give the image ${name} to this machine.`,
      {
        ...details,
        hint: `docker login${registry === "docker.io" ? "" : ` ${registry}`}, as the user who runs Gauntlet. Check the name, too: registries say the same of images that are not there.`,
      },
    );
  if (/toomanyrequests|too many requests/i.test(words))
    return new GauntletError(
      "IMAGE_LIMITED",
      `${registry} lets this machine fetch nothing more for a while.`,
      details,
    );
  if (/not found|manifest unknown|name unknown|no matching manifest|invalid reference/i.test(words))
    return new GauntletError("IMAGE_NOT_FOUND", `There is no image ${name}.`, details);
  return new GauntletError("IMAGE_UNAVAILABLE", `The image ${name} cannot be had now.`, details);
}
