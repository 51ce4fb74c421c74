/** Whether Docker can run an experiment's jobs. */
import { posix } from "node:path";
import { GauntletError } from "../../shared/errors.ts";
import type { DockerPlace, Finding } from "../../shared/readiness.ts";
import { secretUses } from "../../shared/schemas/secrets.ts";
import type { CheckView } from "../../shared/views.ts";
import type { ImageSpec } from "../domain/ports.ts";
import { aboutEngine } from "../platform/docker/about.ts";
import { buildxMissing, hasBuildx } from "../platform/docker/build-secrets.ts";
import {
  answered,
  type DockerClient,
  dockerClient,
  dockerError,
  dockerMessage,
  statusOf,
} from "../platform/docker/client.ts";
import { listSourceFiles } from "../platform/source-files.ts";
import { findImage, imageName } from "../runners/docker/image.ts";
import { hasShell, requireShell } from "../runners/docker/secrets.ts";
import { removeContainer } from "../runners/docker/watch.ts";
import { hashTree } from "../storage/tree.ts";
import { gpusInContainers } from "./docker-checks.ts";
import { lookName, removeLeftLooks } from "./docker-looks.ts";
import type { LoadedExperiment } from "./experiments.ts";
import { containerOf } from "./job-specs.ts";

type Look = { place: DockerPlace; findings: Finding[] };

/**
 * Where the jobs of an experiment with an image will run; null for one without. Starts nothing but,
 * where GPUs are asked for, a container that looks for them.
 */
export async function lookAtDocker(
  { folder, spec }: LoadedExperiment,
  wantsGpus: boolean,
): Promise<Look | null> {
  const files = typeof spec.image === "object" ? await listSourceFiles(folder) : [];
  // Only the name of an image that is built depends on the code.
  const code = typeof spec.image === "object" ? await hashTree(folder, files) : "";
  const { container } = containerOf(spec, code);
  if (!container) return null;
  const { image, network } = container;
  const findings: Finding[] = [];
  const place: DockerPlace = {
    runner: "docker",
    image: imageName(image),
    preparation: null,
    id: null,
    engine: null,
    network,
  };
  try {
    const docker = await dockerClient();
    place.engine = (await aboutEngine(docker)).version;
    const found = await answered(findImage(docker, place.image));
    place.id = found?.id ?? null;
    place.preparation = found ? "none" : "name" in image ? "fetch" : "build";
    if (!found) {
      findings.push(preparationOf(image, new Set(files)));
      if ("build" in image && image.secrets && !(await hasBuildx())) {
        const { code, message, hint } = buildxMissing(place.image);
        findings.push({ state: "failed", code, message, hint });
      }
    } else
      await requireShell(found.name, secretUses(spec.secrets), () => shellIn(docker, found.id));
    if (wantsGpus) {
      const gpus = await gpusOf(docker, found ? place.image : null);
      if (gpus?.state === "failed")
        findings.push({
          state: "failed",
          code: "DOCKER_GPUS_UNAVAILABLE",
          message: `Docker cannot give containers a GPU: ${gpus.detail}.`,
          hint: gpus.hint,
        });
    }
  } catch (error) {
    findings.push(obstacleOf(error));
  }
  return { place, findings };
}

/** By image: an image's id says what is in it, and so the answer stands. */
const shells = new Map<string, Promise<boolean>>();

/** Whether an image has a shell. Throws as `answered` does. */
function shellIn(docker: DockerClient, imageId: string): Promise<boolean> {
  const known = shells.get(imageId);
  if (known) return known;
  const looked = lookForShell(docker, imageId);
  shells.set(imageId, looked);
  looked.catch(() => shells.delete(imageId));
  return looked;
}

/** To be looked into, an image has to be made a container, which is not started. */
async function lookForShell(docker: DockerClient, imageId: string): Promise<boolean> {
  await removeLeftLooks(docker);
  const name = lookName();
  const container = docker.getContainer(name);
  try {
    return await answered(async (abortSignal) => {
      await docker.createContainer({ name, Image: imageId, Cmd: ["/bin/sh"], abortSignal });
      return hasShell(container, abortSignal);
    });
  } finally {
    await answered((abortSignal) => removeContainer(container, abortSignal));
  }
}

/** A look that went well is believed for so long, ms: it starts a container. */
const trust = 60_000;
const wentWell = new WeakMap<DockerClient, number>();

/** Null where it went well a moment ago. */
async function gpusOf(docker: DockerClient, image: string | null): Promise<CheckView | null> {
  if (performance.now() - (wentWell.get(docker) ?? -Infinity) < trust) return null;
  const look = await gpusInContainers(docker, image);
  if (look.state === "ok") wentWell.set(docker, performance.now());
  return look;
}

/** An engine that does not answer is waited for; what it refuses does not change by itself. */
function obstacleOf(error: unknown): Finding {
  const known = dockerError(error);
  if (known instanceof GauntletError) {
    const { code, message, hint } = known;
    return { state: code.startsWith("DOCKER_") ? "warning" : "failed", code, message, hint };
  }
  if (statusOf(error) === null) throw error;
  const message = `Docker answered: ${dockerMessage(error)}`;
  return { state: "warning", code: "DOCKER_UNREACHABLE", message, hint: "gauntlet doctor looks." };
}

/** What is done for an image that is not there. */
function preparationOf(image: ImageSpec, files: ReadonlySet<string>): Finding {
  if ("name" in image)
    return {
      state: "note",
      code: null,
      message: `The image ${image.name} is not here yet: it is fetched before the first job starts.`,
      hint: `docker pull ${image.name} fetches it now.`,
    };
  const file = posix.join(posix.relative("in/code", image.build), image.dockerfile);
  if (files.has(file)) {
    const message = `The image is not built yet: it is built from ${file} before the first job starts.`;
    return { state: "note", code: null, message, hint: null };
  }
  return {
    state: "failed",
    code: "IMAGE_BUILD_FAILED",
    message: `There is no ${file} among the code to build the image from.`,
    hint: "image.build in gauntlet.yaml names its folder, image.dockerfile the file in it.",
  };
}
