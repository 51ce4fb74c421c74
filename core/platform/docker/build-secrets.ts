/**
 * Builds that are given secrets. The engine's own interface knows none for builds, so that the docker
 * command's buildx does these. A step sees a secret as a file that is in no layer and no history.
 */
import { spawn } from "node:child_process";
import { Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { GauntletError } from "../../../shared/errors.ts";
import { createRedactor } from "../../domain/redaction.ts";
import { isErrno } from "../errno.ts";
import { runProgram } from "../run-program.ts";
import { makeSecretFolder, removeSecretFolder } from "../secret-folder.ts";
import { dockerAddress } from "./address.ts";
import { type ImageBuild, requireDockerfile } from "./build.ts";
import { diskFullError } from "./client.ts";
import type { ImageListener } from "./progress.ts";

export type BuildSecret = { name: string; value: string };

/** Whether the docker command is here and has its plugin for builds. */
export async function hasBuildx(): Promise<boolean> {
  try {
    await runProgram("docker", ["buildx", "version"]);
    return true;
  } catch {
    return false;
  }
}

/** Why an image is not built where there is no buildx. */
export function buildxMissing(tag: string): GauntletError {
  return new GauntletError(
    "IMAGE_BUILD_NEEDS_BUILDX",
    `The build of ${tag} is given secrets, which needs docker buildx; it is not here.`,
  );
}

/**
 * The command's arguments. Secrets are named by files: arguments are seen by everybody.
 * @param files folder of files with the secrets' names
 */
export function buildxArguments(
  { context, dockerfile, args, tag }: ImageBuild,
  secrets: readonly string[],
  files: string,
): string[] {
  return [
    "buildx",
    "build",
    // Of the engine itself: another builder would not see the images that are here.
    "--builder=default",
    "--load",
    "--progress=plain",
    "--tag",
    tag,
    "--file",
    join(context, dockerfile),
    ...Object.entries(args).flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]),
    ...secrets.flatMap((name) => ["--secret", `id=${name},src=${join(files, name)}`]),
    context,
  ];
}

/** `#7 [2/5] RUN pip install torch`, and `[base 2/5]` where a stage has a name. */
const stepLine = /^#\d+ \[(?:[^\]]* )?(\d+)\/(\d+)\] /;
/** Of one line of output, characters: a program may print without ever ending one. */
const longestLine = 4000;
/** From being asked to end to being killed, ms. */
const grace = 10_000;

/**
 * Builds an image whose steps may ask for secrets by `RUN --mount=type=secret,id=NAME`. The values are
 * in files of this user alone as long as the build takes, however it ends, and in nothing that is
 * said. Throws IMAGE_BUILD_NEEDS_BUILDX, IMAGE_BUILD_FAILED, DOCKER_DISK_FULL, the signal's reason when
 * aborted, and what the listener throws.
 * @param folder where the files are to be, as secretFolder names it
 */
export async function buildWithSecrets(
  build: ImageBuild,
  secrets: readonly BuildSecret[],
  folder: string,
  listener: ImageListener,
  signal: AbortSignal,
): Promise<void> {
  requireDockerfile(build);
  if (!(await hasBuildx())) throw buildxMissing(build.tag);
  const address = await dockerAddress();
  signal.throwIfAborted();
  listener.say(`Building ${build.tag}`);
  listener.doing(`building the image ${build.tag}`);
  try {
    makeSecretFolder(folder, Object.fromEntries(secrets.map(({ name, value }) => [name, value])));
    const args = buildxArguments(
      build,
      secrets.map(({ name }) => name),
      folder,
    );
    const values = secrets.map(({ value }) => value);
    const work = { args, address, values, files: folder, tag: build.tag };
    const last = await runBuild(work, listener, signal);
    signal.throwIfAborted();
    if (last === null) return;
    const full = diskFullError(last);
    if (full) throw full;
    throw new GauntletError("IMAGE_BUILD_FAILED", `The image ${build.tag} cannot be built.`, {
      details: last,
    });
  } finally {
    removeSecretFolder(folder);
  }
}

type BuildRun = {
  args: readonly string[];
  /** Of the engine. */
  address: string;
  /** What output is to be without. */
  values: readonly string[];
  /** Folder of the secrets. */
  files: string;
  tag: string;
};

/** Runs the command to its end. Returns null when it went well, else what it said last. */
async function runBuild(
  { args, address, values, files, tag }: BuildRun,
  { say, doing }: ImageListener,
  signal: AbortSignal,
): Promise<string | null> {
  const child = spawn("docker", args, {
    // In a group of its own: the command starts its plugin, and both are to end.
    detached: process.platform !== "win32",
    env: { ...process.env, DOCKER_HOST: address },
    stdio: ["ignore", "pipe", "pipe"],
    windowsHide: true,
  });
  // A core that is to end does not wait for it: see `leave`.
  child.unref();
  for (const output of [child.stdout, child.stderr]) if (output instanceof Socket) output.unref();
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const text = new PassThrough();
  // What goes well and what does not comes by two ways, each redacted by itself.
  const outputs = [child.stdout, child.stderr].map((output) => {
    const redactor = createRedactor(values, (chunk) => text.write(chunk));
    output.on("data", (chunk: Buffer) => redactor.write(chunk));
    return redactor;
  });
  let killer: NodeJS.Timeout | undefined;
  const end = () => {
    clearTimeout(killer);
    signalGroup(child.pid, "SIGTERM");
    killer = setTimeout(() => signalGroup(child.pid, "SIGKILL"), grace);
  };
  signal.addEventListener("abort", end, { once: true });
  // A core that ends by itself takes its build along, as the engine does with those that it makes itself.
  const leave = () => {
    signalGroup(child.pid, "SIGTERM");
    removeSecretFolder(files);
  };
  process.once("exit", leave);
  if (signal.aborted) end();
  let last = "";
  const read = (async () => {
    for await (const full of createInterface({ input: text, crlfDelay: Infinity })) {
      const line = full.slice(0, longestLine).trimEnd();
      if (line === "") continue;
      say(line);
      if (!last.startsWith("ERROR: ")) last = line;
      const [, step, steps] = stepLine.exec(line) ?? [];
      if (step !== undefined) doing(`building the image ${tag}: step ${step} of ${steps}`);
    }
  })();
  // What cannot be noted, as on a full disk, ends the build: it is told below, once that has ended.
  read.catch(() => {
    text.resume();
    end();
  });
  try {
    const status = await ended;
    for (const redactor of outputs) redactor.end();
    text.end();
    await read;
    return status === 0 ? null : last || `docker buildx ended with ${String(status)}`;
  } finally {
    clearTimeout(killer);
    signal.removeEventListener("abort", end);
    process.removeListener("exit", leave);
  }
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === "win32" ? pid : -pid, signal);
  } catch (error) {
    if (!isErrno(error, "ESRCH")) throw error; // It has ended by itself.
  }
}
