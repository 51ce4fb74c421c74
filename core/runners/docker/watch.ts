/** Stands by a container until it has ended, and leaves the attempt's exit record. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Container, ContainerInfo } from "../../platform/docker/client.ts";
import type { ExitRecord } from "../../domain/job.ts";
import { writeFileAtomic } from "../../platform/atomic-file.ts";
import { answered, type DockerClient, statusOf } from "../../platform/docker/client.ts";
import type { AttemptFiles, LaunchFile } from "./attempt.ts";
import { followLog, newestOutput } from "./container-log.ts";
import { exitOf } from "./exit.ts";
import type { FirstOutput } from "./first-output.ts";
import { createLimits, type Reason, wasStoppedBefore } from "./limits.ts";
import { startUsageLog } from "./usage.ts";

/** Between two looks whether the job has to be ended, ms. */
const lookInterval = 250;
/** Between two questions to the engine whether it runs at all, ms. */
const pulseInterval = 15_000;
/** How long output may still come once the container has ended, ms. */
const logPatience = 10_000;

export type Watch = {
  /** When the container began, milliseconds since 1970. */
  since: number;
  /** Resolves once the exit record stands; rejects when the engine is gone. */
  done: Promise<void>;
  /** Looks now whether the job is to be ended. */
  look(): void;
};

export type Known = {
  /** Whether an earlier watch of it was cut off because the engine went away. */
  wasCutOff: boolean;
  /** Values that its log is without; null when they are not known any more. */
  secrets: readonly string[] | null;
  /** What writes its first output to the log, until the log itself is followed. */
  first: FirstOutput | null;
};

/** Begins to watch a container that was started. */
export async function watchContainer(
  container: Container,
  files: AttemptFiles,
  launch: LaunchFile,
  known: Known,
): Promise<Watch> {
  const following = followLog(container, files, launch.logLimit, known.secrets, known.first);
  const [{ State, HostConfig }, log] = await Promise.all([container.inspect(), following]).catch(
    async (error: unknown) => {
      (await following).close();
      throw error;
    },
  );
  const since = Date.parse(State.StartedAt);
  const usage = startUsageLog({
    container,
    pid: State.Pid,
    files,
    gpus: launch.gpus,
    hasMemoryLimit: (HostConfig.Memory ?? 0) > 0,
  });
  const nextReason = createLimits({
    files,
    launch,
    ran: Math.max(0, Date.now() - since),
    output: { arrived: log.arrived, written: () => answered(newestOutput(container)) },
  });
  let wake = (): void => undefined;
  const nap = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  /**
   * Both ways to hear of the end can fall silent when the engine dies: what they say, and what they
   * say no more, is only a reason to ask. Null where the container is gone.
   */
  async function untilEnded(): Promise<{ reason: Reason | null; info: ContainerInfo | null }> {
    // One that is adopted may have ended long ago: then no limit is looked at.
    let askAt = State.Running ? performance.now() + pulseInterval : 0;
    const ask = () => {
      askAt = 0;
      wake();
    };
    container.wait().then(ask, ask);
    log.ended.then(ask, ask);
    let reason: Reason | null = null;
    let killAt = Infinity;
    for (;;) {
      if (performance.now() >= askAt) {
        const info = await answered(inspectIfThere(container));
        if (!info?.State.Running) return { reason, info };
        // It runs, and its output comes no more: whoever watches it next begins anew.
        if (log.isBroken()) throw new Error("aborted");
        askAt = performance.now() + pulseInterval;
      }
      if (reason === null) {
        const found = await nextReason();
        if (found !== null) {
          // It may have ended just before: that is how it ended, whatever has passed since.
          const info = await answered(inspectIfThere(container));
          if (!info?.State.Running) return { reason: null, info };
          reason = found;
          killAt = performance.now() + launch.grace;
          await signal(container, "SIGTERM");
        }
      }
      if (performance.now() >= killAt) {
        killAt = Infinity;
        await signal(container, "SIGKILL");
      }
      if (askAt > 0) await nap(Math.max(1, Math.min(lookInterval, killAt - performance.now())));
    }
  }

  /** Closes log and samples in any case: a watch that was cut off is followed by another. */
  async function untilOver() {
    try {
      const end = await untilEnded();
      await Promise.race([log.ended, sleep(logPatience, null, { ref: false })]);
      return { ...end, totals: usage.stop(), logDropped: log.close() };
    } catch (error) {
      usage.stop();
      log.close();
      throw error;
    }
  }

  async function watch(): Promise<void> {
    const { reason, info, totals, logDropped } = await untilOver();
    // Removed by somebody else: there is no record of how it ended.
    if (!info) return;
    const end = Date.parse(info.State.FinishedAt);
    const why = reason ?? ((await wasStoppedBefore(files, end)) ? "stopped" : null);
    const exit: ExitRecord = {
      ...exitOf(info.State, why, log.lastLine(), known.wasCutOff),
      ...totals,
      logDropped,
    };
    await writeFileAtomic(files.exit, JSON.stringify(exit));
    await removeContainer(container);
  }

  return { since, done: watch(), look: () => wake() };
}

/** Null where there is no such container. */
export async function inspectIfThere(container: Container): Promise<ContainerInfo | null> {
  try {
    return await container.inspect();
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw error;
  }
}

/**
 * Ends the container, however it is, with its anonymous volumes. Done when it is gone.
 * @param abortSignal ends the asking, for an engine that hangs
 */
export async function removeContainer(
  container: Container,
  abortSignal?: AbortSignal,
): Promise<void> {
  // The library's types do not know that this call can be ended.
  const options = { force: true, v: true, ...(abortSignal && { abortSignal }) };
  try {
    await container.remove(options);
  } catch (error) {
    // Gone, or somebody is removing it just now.
    if (statusOf(error) === 404) return;
    if (statusOf(error) !== 409) throw error;
    while (await inspectIfThere(container)) {
      await sleep(20);
      abortSignal?.throwIfAborted();
    }
  }
}

async function signal(container: Container, name: string): Promise<void> {
  try {
    await container.kill({ signal: name });
  } catch (error) {
    // It has just ended by itself.
    if (statusOf(error) !== 409 && statusOf(error) !== 404) throw error;
  }
}

/**
 * Removes the containers whose names begin so, of whatever process. Throws as `answered` does.
 * @param isLeft leaves out those that are still needed
 */
export async function removeContainersOf(
  docker: DockerClient,
  prefix: string,
  isLeft: (container: { Created: number }) => boolean = () => true,
): Promise<void> {
  const filters = { name: [prefix] };
  const all = await answered((abortSignal) =>
    docker.listContainers({ all: true, filters, abortSignal }),
  );
  for (const container of all) {
    // The engine looks for the name anywhere in theirs.
    if (!container.Names.some((name) => name.startsWith(`/${prefix}`)) || !isLeft(container))
      continue;
    await answered((abortSignal) =>
      removeContainer(docker.getContainer(container.Id), abortSignal),
    );
  }
}
