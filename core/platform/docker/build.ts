import { existsSync } from "node:fs";
import { join } from "node:path";
import { GauntletError } from "../../../shared/errors.ts";
import { diskFullError, type DockerClient, dockerMessage, statusOf } from "./client.ts";
import { walkFiles } from "../source-files.ts";
import { type ImageListener, readProgress } from "./progress.ts";

export type ImageBuild = {
  /** Folder; its .dockerignore counts. */
  context: string;
  /** Relative to the context. */
  dockerfile: string;
  args: Record<string, string>;
  tag: string;
};

/**
 * Throws IMAGE_BUILD_FAILED where there is none: what the system says of a missing folder would read as
 * if the engine's socket were missing.
 */
export function requireDockerfile({ context, dockerfile, tag }: ImageBuild): void {
  if (existsSync(join(context, dockerfile))) return;
  throw new GauntletError("IMAGE_BUILD_FAILED", `The image ${tag} cannot be built.`, {
    details: `There is no ${dockerfile} in ${context}.`,
  });
}

/** `Step 3/7 : RUN pip install torch`, with which the builder begins each step. */
const stepLine = /^Step (\d+)\/(\d+) :/;

/**
 * Builds an image with the engine's own builder, whose cache makes unchanged steps free. The
 * listener hears its output line by line, and at which step it is. Throws IMAGE_BUILD_FAILED, DOCKER_DISK_FULL, and the signal's reason when aborted.
 */
export async function buildImage(
  docker: DockerClient,
  build: ImageBuild,
  { say, doing }: ImageListener,
  signal: AbortSignal,
): Promise<void> {
  requireDockerfile(build);
  const { context, dockerfile, args, tag } = build;
  say(`Building ${tag}`);
  doing(`building the image ${tag}`);
  try {
    const stream = await docker.buildImage(
      // Named one by one: what .dockerignore leaves out is then left out by its rules.
      { context, src: await walkFiles(context) },
      { t: tag, dockerfile, buildargs: args, rm: true, forcerm: true, abortSignal: signal },
    );
    await readProgress<{ stream?: string }>(stream, signal, ({ stream: text }) => {
      for (const line of (text ?? "").split("\n")) {
        if (line.trim() === "") continue;
        say(line);
        const [, step, steps] = stepLine.exec(line) ?? [];
        if (step !== undefined) doing(`building the image ${tag}: step ${step} of ${steps}`);
      }
    });
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    if (statusOf(cause) === null && !(cause instanceof Error && cause.name === "ProgressError"))
      throw cause;
    const full = diskFullError(cause);
    if (full) throw full;
    throw new GauntletError("IMAGE_BUILD_FAILED", `The image ${tag} cannot be built.`, {
      details: dockerMessage(cause),
      cause,
    });
  }
}
