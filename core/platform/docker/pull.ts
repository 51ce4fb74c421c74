import { GauntletError } from "../../../shared/errors.ts";
import { diskFullError, type DockerClient, dockerMessage, statusOf } from "./client.ts";
import { type ImageListener, readProgress } from "./progress.ts";

/** Between two lines about the same layer, ms. */
const sayInterval = 2000;

type PullEvent = {
  status?: string;
  id?: string;
  progressDetail?: { current?: number; total?: number };
};

/**
 * Fetches an image. The listener hears of the whole once in a while, not of each layer at each
 * megabyte.
 * Throws IMAGE_NOT_FOUND with the registry's words, DOCKER_DISK_FULL, and the signal's reason when it is aborted.
 */
export async function pullImage(
  docker: DockerClient,
  name: string,
  { say, doing }: ImageListener,
  signal: AbortSignal,
): Promise<void> {
  say(`Fetching ${name}`);
  doing(`fetching the image ${name}`);
  try {
    const stream = await docker.pull(name, { abortSignal: signal });
    const layers = new Map<string, { current: number; total: number }>();
    let saidAt = performance.now();
    await readProgress<PullEvent>(stream, signal, ({ status, id, progressDetail }) => {
      if (status === "Downloading" && id && progressDetail?.total)
        layers.set(id, { current: progressDetail.current ?? 0, total: progressDetail.total });
      if (performance.now() - saidAt < sayInterval || layers.size === 0) return;
      saidAt = performance.now();
      const far = `${megabytes(layers, "current")} of ${megabytes(layers, "total")} MB so far`;
      say(`Fetched ${far}`);
      doing(`fetching the image ${name}: ${far}`);
    });
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    // 500 is what older engines answer when a registry cannot be reached.
    if (statusOf(cause) === null && !(cause instanceof Error && cause.name === "ProgressError"))
      throw cause;
    const full = diskFullError(cause);
    if (full) throw full;
    throw new GauntletError("IMAGE_NOT_FOUND", `The image ${name} cannot be had.`, {
      details: dockerMessage(cause),
      cause,
    });
  }
}

function megabytes(
  layers: ReadonlyMap<string, { current: number; total: number }>,
  part: "current" | "total",
): string {
  return ([...layers.values()].reduce((sum, layer) => sum + layer[part], 0) / 1e6).toFixed(0);
}
