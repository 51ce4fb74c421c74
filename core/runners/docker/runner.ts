/** Runs jobs in containers of the local Docker Engine. */
import { appendFileSync, existsSync } from "node:fs";
import { lstat, readlink, rm, writeFile } from "node:fs/promises";
import type { Container, DockerClient } from "../../platform/docker/client.ts";
import { GauntletError, withHint } from "../../../shared/errors.ts";
import type { ExitRecord } from "../../domain/job.ts";
import type {
  AttemptKey,
  LaunchSpec,
  Observation,
  Runner,
  SecretStore,
} from "../../domain/ports.ts";
import { writeFileAtomic } from "../../platform/atomic-file.ts";
import { isErrno } from "../../platform/errno.ts";
import { aboutEngine } from "../../platform/docker/about.ts";
import {
  answered,
  dockerClient,
  dockerError,
  dockerMessage,
  statusOf,
} from "../../platform/docker/client.ts";
import { gpuAccess } from "../../platform/docker/gpu-request.ts";
import { removeSecretFolder, secretFolder } from "../../platform/secret-folder.ts";
import { exitFileSchema } from "../process/records.ts";
import {
  attemptFiles,
  type ContainerFile,
  containerFileSchema,
  containerName,
  launchFile,
  launchFileSchema,
  readRecord,
} from "./attempt.ts";
import { containerOptions } from "./container.ts";
import { imageContents, removeLeftContents } from "./contents.ts";
import { isMissingProgram } from "./exit.ts";
import { type FirstOutput, writeFirstOutput } from "./first-output.ts";
import { buildSecretFolder, findImage, type FoundImage, imageName, makeImage } from "./image.ts";
import { hasShell, placedValues, placeSecrets, requireShell } from "./secrets.ts";
import { inspectIfThere, removeContainer, type Watch, watchContainer } from "./watch.ts";

export type DockerRunnerOptions = {
  /** Gauntlet's own folder, which jobs that run its programs get to see. */
  installation: string;
  /** Of the data folder: in the names of containers that are of no attempt. */
  owner: string;
  /** Of builds: jobs are given theirs with the launch. */
  secrets: Pick<SecretStore, "get">;
  /** Called when an attempt has ended: a hint to observe now. */
  onEnded?: (key: AttemptKey) => void;
};

/** Before the log of an ended container is read again to keep its record, ms. */
const unkeptPause = 1000;

/** An image that is fetched or built for an attempt. */
type Preparation = {
  abort: AbortController;
  /** What is being done now; null while that is only about to begin. */
  doing: string | null;
};

/**
 * The Docker runner. The container's name says whose it is, and the engine refuses a second one of
 * that name: so nothing starts twice. What is under way is in the engine and in the attempt's
 * folder; a new runner, after a restart of Gauntlet or of Docker, adopts it.
 *
 * - `launch.json`: the attempt may have a container. Without one, and without `container.json`,
 *   nothing was started, and launching again is safe.
 * - `container.json`: it had one. Without it in the engine the attempt is `lost`.
 * - `exit.json` is the end; only then is the container removed.
 *
 * Time and silence are watched by this process: without it a job goes on until it ends itself, and
 * is looked after again by the next one.
 */
export function createDockerRunner(options: DockerRunnerOptions): Runner {
  /** By folder: what is launched, prepared and watched by this runner. */
  const launching = new Map<string, Promise<void>>();
  const preparing = new Map<string, Preparation>();
  const watches = new Map<string, { begun: Promise<Watch>; watch: Watch | null }>();

  /** By folder: what a preparation failed of; the next launch says it. */
  const failed = new Map<string, unknown>();
  /** By folder: why the record of an end could not be kept, and how long it is left at that. */
  const unkept = new Map<string, { error: unknown; until: number }>();
  /** Folders of attempts that were watched when the engine went away. */
  const cutOff = new Set<string>();

  let tidied: Promise<void> | null = null;

  /** The engine. What an earlier core has left of its looks into images goes with the first use. */
  async function engine(): Promise<DockerClient> {
    const docker = await dockerClient();
    if (tidied) return docker;
    tidied = removeLeftContents(docker, options.owner);
    // Who needs the engine now hears of it elsewhere; the next use tries again.
    tidied.catch(() => (tidied = null));
    return docker;
  }

  async function containerOf(key: AttemptKey): Promise<Container> {
    return (await engine()).getContainer(containerName(key));
  }

  /** Watches a started container, unless that is done already. */
  function watch(
    folder: string,
    key: AttemptKey,
    first: FirstOutput | null = null,
  ): Promise<Watch> {
    const known = watches.get(folder);
    if (known) return known.begun;
    const begun = beginWatch(folder, key, first);
    const entry = { begun, watch: null as Watch | null };
    watches.set(folder, entry);
    const forget = () => {
      if (watches.get(folder) === entry) watches.delete(folder);
    };
    begun.then((watch) => {
      entry.watch = watch;
      // What went wrong is seen at the next look: the engine is asked again then.
      void watch.done
        .then(
          () => cutOff.delete(folder),
          (error: unknown) => {
            // A full disk here says nothing of the engine.
            if (!isErrno(error) || dockerError(error) !== error) cutOff.add(folder);
            else unkept.set(folder, { error, until: performance.now() + unkeptPause });
          },
        )
        .then(forget)
        .finally(() => options.onEnded?.(key));
    }, forget);
    return begun;
  }

  async function beginWatch(
    folder: string,
    key: AttemptKey,
    first: FirstOutput | null,
  ): Promise<Watch> {
    const files = attemptFiles(folder);
    const launch = await readRecord(files.launch, launchFileSchema);
    if (!launch) throw new Error(`${files.launch} is gone`);
    return watchContainer(await containerOf(key), files, launch, {
      wasCutOff: cutOff.has(folder),
      secrets: launch.hasSecrets ? await placedValues(folder) : [],
      first,
    });
  }

  async function start(spec: LaunchSpec, image: FoundImage): Promise<void> {
    const files = attemptFiles(spec.folder);
    const docker = await engine();
    // Who asks for none must not wait for the engine's long answer.
    const gpus = spec.gpus.length > 0 ? gpuAccess(await aboutEngine(docker)) : "nvidia";
    const made = containerOptions(spec, image.id, {
      readOnly: await linkedFolders(files.dataset),
      hasModel: existsSync(files.model),
      agent: spec.agent ? { node: process.execPath, folder: options.installation } : null,
      gpus,
      user:
        process.getuid && process.getgid ? { uid: process.getuid(), gid: process.getgid() } : null,
    });
    if (spec.secrets.length > 0) {
      // Of one that runs already the files are in use.
      const there = await inspectIfThere(await containerOf(spec.key));
      if (!there?.State.Running) placeSecrets(spec.folder, spec.secrets);
    }
    const [{ container, isNew }, { Version }] = await Promise.all([
      docker.createContainer(made).then(
        (container) => ({ container, isNew: true }),
        async (error: unknown) => {
          // Made by an earlier launch that was cut off before it noted so.
          if (statusOf(error) !== 409) throw error;
          const { Id } = await (await containerOf(spec.key)).inspect();
          return { container: docker.getContainer(Id), isNew: false };
        },
      ),
      docker.version(),
    ]);
    await requireShell(image.name, spec.secrets, () => hasShell(container));
    const record: ContainerFile = {
      id: container.id,
      image: image.name,
      imageId: image.id,
      digest: image.digest,
      engine: Version,
    };
    // One that is there already may have said something before.
    const first = isNew ? await writeFirstOutput(container, files, spec) : null;
    try {
      const [noted, started] = await Promise.allSettled([
        writeFileAtomic(files.container, JSON.stringify(record)),
        container.start().catch((error: unknown) => {
          if (statusOf(error) !== 304) throw error; // It runs already.
        }),
      ]);
      if (noted.status === "rejected") {
        // On a full disk, say: of one that is not noted nobody would know that it ran.
        await removeContainer(container);
        throw noted.reason;
      }
      if (started.status === "rejected") throw started.reason;
      await watch(spec.folder, spec.key, first);
    } finally {
      first?.end();
    }
  }

  /** Starts it with the image; what the engine refuses is how the attempt ends. */
  async function startOrEnd(spec: LaunchSpec, image: FoundImage): Promise<void> {
    try {
      await start(spec, image);
    } catch (error) {
      const known = dockerError(error);
      const startError = startErrorOf(known);
      if (!startError) throw known;
      await endUnstarted(spec, startError);
      await removeContainer(await containerOf(spec.key));
    }
  }

  async function endUnstarted(
    { folder, key }: Pick<LaunchSpec, "folder" | "key">,
    startError: ExitRecord["startError"],
  ): Promise<void> {
    const now = Date.now();
    const exit: ExitRecord = {
      code: null,
      signal: null,
      endedBy: startError === null ? "stopped" : "itself",
      startError,
      startedAt: now,
      endedAt: now,
      peakMemory: null,
      cpuSeconds: null,
      logDropped: 0,
    };
    await writeFileAtomic(attemptFiles(folder).exit, JSON.stringify(exit));
    options.onEnded?.(key);
  }

  /**
   * Fetches or builds the image and starts the attempt. Throws what says nothing of the attempt: the
   * engine is gone, or a disk is full.
   */
  async function prepareAndStart(spec: LaunchSpec, preparation: Preparation): Promise<void> {
    const { abort } = preparation;
    const { image } = spec;
    if (!image) throw new Error("a job without an image is not for this runner");
    const files = attemptFiles(spec.folder);
    await Promise.all([files.preparation, files.log].map((file) => rm(file, { force: true })));
    const say = (line: string) => {
      for (const file of [files.preparation, files.log])
        appendFileSync(file, `[gauntlet] ${line}\n`, { mode: 0o600 });
    };
    const listener = { say, doing: (text: string) => void (preparation.doing = text) };
    try {
      const docker = await engine();
      const { folder } = spec;
      const { secrets } = options;
      const work = { folder, run: files.run, secrets, signal: abort.signal };
      const found = await makeImage(docker, image, work, listener);
      // The run's own output takes the place of this file, and begins with what was said here.
      abort.signal.throwIfAborted();
      await startOrEnd(spec, found);
    } catch (error) {
      if (abort.signal.aborted) await endUnstarted(spec, null);
      else if (error instanceof GauntletError && error.code.startsWith("IMAGE_")) {
        for (const line of [error.message, error.details, error.hint]) if (line !== null) say(line);
        await endUnstarted(spec, {
          code: error.code,
          message: [error.message, error.details].filter(Boolean).join(" "),
        });
      } else throw error;
    }
  }

  /** Beside the launch, for it can take hours. Never rejects: nobody waits for it. */
  async function prepare(spec: LaunchSpec, preparation: Preparation): Promise<void> {
    try {
      await prepareAndStart(spec, preparation);
    } catch (error) {
      // The next look finds nothing and launches again.
      failed.set(spec.folder, error);
    } finally {
      preparing.delete(spec.folder);
    }
  }

  async function launch(spec: LaunchSpec): Promise<void> {
    const files = attemptFiles(spec.folder);
    if (existsSync(files.exit) || watches.has(spec.folder) || preparing.has(spec.folder)) return;
    if (!spec.image) throw new Error("a job without an image is not for this runner");
    if (failed.has(spec.folder)) {
      const error = dockerError(failed.get(spec.folder));
      failed.delete(spec.folder);
      throw error;
    }
    try {
      const docker = await engine();
      const [found] = await Promise.all([
        findImage(docker, imageName(spec.image)),
        writeFileAtomic(files.launch, JSON.stringify(launchFile(spec))),
      ]);
      if (existsSync(files.stop)) return await endUnstarted(spec, null);
      if (found) return await startOrEnd(spec, found);
    } catch (error) {
      if (error instanceof GauntletError && error.code === "IMAGE_NOT_FOUND")
        return endUnstarted(spec, { code: error.code, message: error.message });
      throw dockerError(error);
    }
    const preparation: Preparation = { abort: new AbortController(), doing: null };
    preparing.set(spec.folder, preparation);
    void prepare(spec, preparation);
  }

  async function observe(folder: string, key: AttemptKey): Promise<Observation> {
    const files = attemptFiles(folder);
    const exit = await readRecord(files.exit, exitFileSchema);
    if (exit) return { kind: "ended", exit };
    const preparation = preparing.get(folder);
    if (preparation?.doing) return { kind: "starting", doing: preparation.doing };
    if (preparation || launching.has(folder)) return { kind: "starting" };
    if (!existsSync(files.launch)) return { kind: "absent" };
    const known = watches.get(folder);
    // One that is only beginning may wait for an engine that hangs; nobody else waits for it.
    if (known)
      return known.watch ? { kind: "running", since: known.watch.since } : { kind: "starting" };
    // Nothing is built here now: what is there is of a core that was killed while it built, and waits
    // neither for the engine nor for the end of the job.
    removeSecretFolder(buildSecretFolder(folder));
    const info = await answered(inspectIfThere(await containerOf(key)));
    if (!info || info.State.Status === "created") {
      if (!info && existsSync(files.container))
        return lostOrEnded(folder, "its container was removed");
      return { kind: "absent" };
    }
    const kept = unkept.get(folder);
    if (kept && performance.now() < kept.until) throw kept.error;
    unkept.delete(folder);
    // What an earlier engine has started, and what has ended while nobody looked.
    const begun = watch(folder, key);
    if (info.State.Running) return { kind: "running", since: (await answered(begun)).since };
    await answered(begun.then(({ done }) => done));
    return lostOrEnded(folder, "its container has left no record");
  }

  async function lostOrEnded(folder: string, detail: string): Promise<Observation> {
    const exit = await readRecord(attemptFiles(folder).exit, exitFileSchema);
    return exit ? { kind: "ended", exit } : { kind: "lost", detail };
  }

  return {
    kind: "docker",

    launch(spec) {
      const underWay = launching.get(spec.folder);
      if (underWay) return underWay;
      const begun = launch(spec).finally(() => launching.delete(spec.folder));
      launching.set(spec.folder, begun);
      return begun;
    },

    async observe(folder, key) {
      try {
        return await observe(folder, key);
      } catch (error) {
        const known = isErrno(error, "ENOSPC")
          ? new GauntletError("DISK_FULL", `The disk of ${folder} is full.`, { cause: error })
          : dockerError(error);
        if (known instanceof GauntletError) return { kind: "unreachable", detail: withHint(known) };
        if (statusOf(error) !== null)
          return { kind: "unreachable", detail: `Docker answered: ${dockerMessage(error)}` };
        throw error;
      }
    },

    async stop(folder) {
      const files = attemptFiles(folder);
      if (!existsSync(files.launch) || existsSync(files.stop)) return;
      // It says all by being there, and so needs no space for content.
      await writeFile(files.stop, "");
      preparing.get(folder)?.abort.abort(new Error("stopped"));
      watches.get(folder)?.watch?.look();
    },

    async release(folder, key) {
      preparing.get(folder)?.abort.abort(new Error("released"));
      failed.delete(folder);
      unkept.delete(folder);
      if (!existsSync(attemptFiles(folder).launch)) return;
      await launching.get(folder)?.catch(() => undefined); // It says so itself.
      try {
        await removeContainer(await containerOf(key));
      } catch (error) {
        throw dockerError(error);
      }
      // The container is gone: what becomes of its watch is known.
      const begun = watches.get(folder)?.begun;
      await begun?.then(({ done }) => done).catch(() => undefined);
      removeSecretFolder(secretFolder(folder));
      removeSecretFolder(buildSecretFolder(folder)); // of a core that was killed while it built
    },

    async surroundings(folder) {
      const record = await readRecord(attemptFiles(folder).container, containerFileSchema);
      if (!record) return null;
      const { image, imageId, digest, engine } = record;
      return { image, imageId, ...(digest !== null && { digest }), docker: engine };
    },

    async contents(imageId, signal) {
      try {
        const docker = await engine();
        await tidied;
        return await imageContents(docker, imageId, options.owner, signal);
      } catch (error) {
        throw dockerError(error);
      }
    },
  };
}

/** Where `in/dataset` links to: a job has to see it at the same place. */
async function linkedFolders(link: string): Promise<string[]> {
  const info = await lstat(link).catch(() => null); // There need be none.
  return info?.isSymbolicLink() ? [await readlink(link)] : [];
}

/** What it means that a container was not to be made or started; null where that says nothing of it. */
function startErrorOf(error: unknown): ExitRecord["startError"] {
  if (error instanceof GauntletError && error.code === "IMAGE_WITHOUT_SHELL")
    return { code: error.code, message: error.message };
  if (statusOf(error) === null) return null;
  const message = dockerMessage(error);
  if (isMissingProgram(message)) return { code: "ENOENT", message };
  if (/could not select device driver|nvidia|CDI device|unknown or invalid runtime/i.test(message))
    return { code: "NO_GPU_RUNTIME", message };
  if (statusOf(error) === 404 && /no such image/i.test(message))
    return { code: "IMAGE_NOT_FOUND", message };
  return { code: "DOCKER", message };
}
