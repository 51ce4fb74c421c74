/** The image that a job runs in: found, fetched or built. */
import { join } from "node:path";
import { GauntletError } from "../../../shared/errors.ts";
import type { ImageSpec } from "../../domain/ports.ts";
import { buildImage } from "../../platform/docker/build.ts";
import { type DockerClient, statusOf } from "../../platform/docker/client.ts";
import type { ImageListener } from "../../platform/docker/progress.ts";
import { pullImage } from "../../platform/docker/pull.ts";

export type FoundImage = {
  name: string;
  id: string;
  /** Of the registry that it came from, `NAME@sha256:...`; null for one that was built here. */
  digest: string | null;
};

/** The name that the image has in the engine. */
export function imageName(image: ImageSpec): string {
  if ("name" in image) return image.name;
  const label = image.label
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
  return `gauntlet/${label || "image"}:${image.hash.slice(0, 16)}`;
}

/** The image, where the engine has it. */
export async function findImage(docker: DockerClient, name: string): Promise<FoundImage | null> {
  try {
    const { Id, RepoDigests } = await docker.getImage(name).inspect();
    return { name, id: Id, digest: RepoDigests?.[0] ?? null };
  } catch (error) {
    if (statusOf(error) === 404) return null;
    if (statusOf(error) === 400)
      throw new GauntletError("IMAGE_NOT_FOUND", `${name} is no name of an image.`, {
        cause: error,
      });
    throw error;
  }
}

/**
 * Fetches or builds an image that the engine has not. The listener hears how it goes. Throws
 * what pulling and building do, and the signal's reason when it is aborted.
 */
export async function makeImage(
  docker: DockerClient,
  image: ImageSpec,
  run: string,
  listener: ImageListener,
  signal: AbortSignal,
): Promise<FoundImage> {
  const name = imageName(image);
  if ("name" in image) await pullImage(docker, name, listener, signal);
  else
    await buildImage(
      docker,
      {
        context: join(run, image.build),
        dockerfile: image.dockerfile,
        args: image.args,
        tag: name,
      },
      listener,
      signal,
    );
  const found = await findImage(docker, name);
  if (!found)
    throw new GauntletError("IMAGE_NOT_FOUND", `${name} is not there after all was done for it.`);
  return found;
}
