/** The image that a job runs in: found, fetched or built. */
import { join } from "node:path";
import { GauntletError } from "../../../shared/errors.ts";
import type { ImageSpec, SecretStore } from "../../domain/ports.ts";
import { buildImage } from "../../platform/docker/build.ts";
import { buildWithSecrets } from "../../platform/docker/build-secrets.ts";
import { answered, type DockerClient, statusOf } from "../../platform/docker/client.ts";
import type { ImageListener } from "../../platform/docker/progress.ts";
import { pullImage } from "../../platform/docker/pull.ts";
import { secretFolder } from "../../platform/secret-folder.ts";

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

/** Where the secrets of an attempt's build are while it builds. */
export function buildSecretFolder(attemptFolder: string): string {
  return secretFolder(join(attemptFolder, "image"));
}

/** What making an image takes of an attempt. */
export type ImageWork = {
  /** The attempt's folder, and its run folder. */
  folder: string;
  run: string;
  secrets: Pick<SecretStore, "get">;
  /** Ends it. */
  signal: AbortSignal;
};

/**
 * Fetches or builds an image that the engine has not. The listener hears how it goes. Throws
 * what fetching and building do, SECRET_MISSING, and the signal's reason when it is aborted.
 */
export async function makeImage(
  docker: DockerClient,
  image: ImageSpec,
  work: ImageWork,
  listener: ImageListener,
): Promise<FoundImage> {
  if ("name" in image) return fetchImage(docker, image.name, listener, work.signal);
  const { dockerfile, args, secrets = [] } = image;
  const tag = imageName(image);
  const build = { context: join(work.run, image.build), dockerfile, args, tag };
  if (secrets.length === 0) await buildImage(docker, build, listener, work.signal);
  else {
    const given = await Promise.all(secrets.map((name) => valueOf(work.secrets, name)));
    const place = buildSecretFolder(work.folder);
    try {
      await buildWithSecrets(build, given, place, listener, work.signal);
    } catch (error) {
      // An engine that went away has not judged the build: it is waited for.
      if (!work.signal.aborted) await answered(docker.ping());
      throw error;
    }
  }
  return made(docker, tag);
}

/** Fetches an image that the engine has not. Throws as pullImage does. */
export async function fetchImage(
  docker: DockerClient,
  name: string,
  listener: ImageListener,
  signal: AbortSignal,
): Promise<FoundImage> {
  await pullImage(docker, name, listener, signal);
  return made(docker, name);
}

async function made(docker: DockerClient, name: string): Promise<FoundImage> {
  const found = await findImage(docker, name);
  if (found) return found;
  throw new GauntletError("IMAGE_NOT_FOUND", `${name} is not there after all was done for it.`);
}

async function valueOf(
  store: Pick<SecretStore, "get">,
  name: string,
): Promise<{ name: string; value: string }> {
  const value = await store.get(name);
  if (value !== null) return { name, value };
  throw new GauntletError("SECRET_MISSING", `The image's secret ${name} is not set any more.`, {
    hint: `gauntlet secrets set ${name}; the image is built then.`,
  });
}
