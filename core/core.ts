import { randomInt } from "node:crypto";
import { realpathSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type CoreRouter, createRouter } from "./api/router.ts";
import { listenOnSocket } from "./api/socket-server.ts";
import { createCatalog } from "./catalog/catalog.ts";
import type { Clock } from "./domain/ports.ts";
import { createEngine, type Engine } from "./engine/engine.ts";
import { prepareDataFolder } from "./platform/data-folder.ts";
import { createErrorLog } from "./platform/error-log.ts";
import { listGpus } from "./platform/gpus.ts";
import { foreignGpuUsers } from "./platform/gpu-processes.ts";
import { createSeal } from "./platform/seal.ts";
import { createSecretFile } from "./platform/secret-file.ts";
import { createIdSource } from "./platform/ids.ts";
import { installationFolder } from "./platform/installation.ts";
import { createMachineMeter } from "./platform/machine.ts";
import { sha256 } from "./platform/sha256.ts";
import { createDockerRunner } from "./runners/docker/runner.ts";
import { createProcessRunner } from "./runners/process/runner.ts";
import { continueChain } from "./services/chain.ts";
import type { CoreContext } from "./services/context.ts";
import { makeRoom, newDatasetCache } from "./services/dataset-cache.ts";
import { lookAtDatasets } from "./services/dataset-guard.ts";
import { newProvision, provideDataset, provisionEnded } from "./services/dataset-provision.ts";
import { createDatasetReader } from "./services/dataset-reader.ts";
import { sweepDatasets } from "./services/datasets.ts";
import { resumeDeletions } from "./services/deletion.ts";
import { installKits } from "./services/kits.ts";
import { keepMissingScores } from "./services/scores.ts";
import { createLocalStore } from "./storage/local-store.ts";
import { createTreeStore } from "./storage/tree.ts";

export type Core = {
  router: CoreRouter;
  /** Stops looking after jobs, which go on, and gives the data folder free. */
  close(): Promise<void>;
};

const systemClock: Clock = { now: () => Date.now() };

/**
 * Opens a data folder as its owner, adopts the jobs that still run, and answers on the folder's
 * socket. Nothing queued starts until something is submitted or resumed.
 * Throws CATALOG_IN_USE, CATALOG_TOO_NEW, DATA_FOLDER_READ_ONLY and the like.
 */
export async function createCore(options: {
  data: string;
  clock?: Clock;
  cpus?: number;
  /** Key of 32 bytes that secrets are sealed with; without one their file is all that guards them. */
  secretsKey?: Uint8Array | null;
}): Promise<Core> {
  const { data, clock = systemClock } = options;
  prepareDataFolder(data);
  const newId = createIdSource(
    () => clock.now(),
    () => catalog.newestId(),
  );
  const catalog = createCatalog(data, clock, newId);
  try {
    const artifacts = createLocalStore(join(data, "artifacts"));
    const trees = createTreeStore(artifacts);
    const jobsFolder = join(data, "jobs");
    const folders = {
      data,
      datasets: join(data, "datasets"),
      jobs: jobsFolder,
      installation: installationFolder,
    };
    const errorLog = createErrorLog(join(data, "logs"));
    const secrets = createSecretFile(
      join(data, "secrets.json"),
      clock,
      options.secretsKey ? createSeal(options.secretsKey) : null,
    );
    const slots = {
      cpus: options.cpus ?? availableParallelism(),
      gpus: (await listGpus()).map(({ index }) => index),
    };
    const closing = new AbortController();
    const engine: Engine = createEngine({
      store: catalog.jobs.engineStore,
      artifacts,
      trees,
      datasetsFolder: folders.datasets,
      jobsFolder,
      secrets,
      runners: new Map([
        [
          "process",
          createProcessRunner({
            cache: join(data, "cache"),
            onEnded: () => engine.wake(),
          }),
        ],
        [
          "docker",
          createDockerRunner({
            installation: installationFolder,
            owner: sha256(realpathSync(data)).slice(0, 12),
            secrets,
            onEnded: () => engine.wake(),
          }),
        ],
      ]),
      slots,
      provide: (job, signal) => provideDataset(context, job, signal),
      closing: closing.signal,
      foreignGpuUsers: (held) => foreignGpuUsers(jobsFolder, held),
      interval: 100,
      onError: (error, job) => errorLog.write(error, { job: job?.id ?? null }),
    });
    const context: CoreContext = {
      catalog,
      artifacts,
      trees,
      engine,
      secrets,
      slots,
      machine: createMachineMeter(() => clock.now()),
      clock,
      datasetReader: createDatasetReader(),
      packing: new Set(),
      closing: closing.signal,
      datasetCache: newDatasetCache(),
      provision: newProvision(),
      challenges: new Set(),
      newId,
      randomInteger: () => randomInt(2 ** 32),
      folders,
    };
    // What fails is tried again when the next job ends.
    const makeRoomLater = () =>
      setImmediate(() => void makeRoom(context).catch((error) => errorLog.write(error, {})));
    catalog.jobs.onJobEnded((job, verdict, collected) => {
      continueChain(context, job, verdict, collected);
      if (job.spec.inputs.dataset || job.stage === "pack") makeRoomLater();
    });
    await artifacts.sweepTemp();
    await engine.sweepFolders();
    await resumeDeletions(context);
    await sweepDatasets(context);
    await lookAtDatasets(context);
    await installKits(context);
    const router = createRouter(context, errorLog);
    const socket = await listenOnSocket(data, router);
    engine.wake();
    // Beside all else: nobody waits for it.
    const scoring = keepMissingScores(context, closing.signal).catch((error: unknown) =>
      errorLog.write(error, { job: null }),
    );
    makeRoomLater();
    return {
      router,
      async close() {
        closing.abort(new Error("closed"));
        await socket.close();
        await scoring;
        await engine.close();
        await provisionEnded(context);
        await Promise.allSettled([context.datasetCache.makingRoom]); // Who asked is told what it threw.
        await catalog.reader.close();
        catalog.close();
      },
    };
  } catch (error) {
    catalog.close();
    throw error;
  }
}
