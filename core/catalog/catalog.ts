import { join } from "node:path";
import { GauntletError } from "../../shared/errors.ts";
import type { NameKind } from "../../shared/views.ts";
import type { Clock, EngineStore } from "../domain/ports.ts";
import { createDiskReserve } from "../platform/disk-reserve.ts";
import { createArtifactCatalog } from "./artifacts.ts";
import { createAttackCatalog } from "./attacks.ts";
import { createCheckpoints } from "./checkpoints.ts";
import { createDatasetCatalog } from "./datasets.ts";
import { createEvaluationCatalog } from "./evaluations.ts";
import { durably } from "./durable.ts";
import { createEventLog } from "./events.ts";
import { createExperimentCatalog } from "./experiments.ts";
import { createImageCatalog } from "./images.ts";
import { createJobCatalog } from "./jobs.ts";
import { createMetricStore } from "./metrics.ts";
import { createModelCatalog } from "./models.ts";
import { namesIn } from "./names.ts";
import { openCatalog } from "./open.ts";
import { createOutcomeReader } from "./outcome-reader.ts";
import { createProgressCatalog } from "./progress.ts";
import { createQueueCatalog } from "./queue.ts";
import { createReader } from "./reader.ts";
import { createRemovalCatalog } from "./removal.ts";
import { createRunValues } from "./run-values.ts";
import { createRunCatalog } from "./runs.ts";
import { createSavedViews } from "./saved-views.ts";
import { createSettings } from "./settings.ts";
import { createSweepCells } from "./sweep-cells.ts";
import { createSweepCatalog } from "./sweeps.ts";
import { translateSqliteError, translatingSqliteErrors } from "./sqlite-errors.ts";

export type Catalog = ReturnType<typeof createCatalog>;

/** Held back on the data folder's disk: each piece takes the stops of some hundred jobs. */
const reserve = { pieces: 16, bytes: 256 * 1024 };
/** Tables whose rows are listed, or queued, in the order of their ids. */
const tablesWithIds = [
  "experiment",
  "experiment_version",
  "dataset",
  "sweep",
  "run",
  "model",
  "attack",
  "attack_set",
  "evaluation",
  "job",
];

/**
 * The experiment catalog of a data folder, owned by this process until `close`.
 * Throws what openCatalog throws.
 */
export function createCatalog(folder: string, clock: Clock, newId: () => string) {
  const { db, close } = openCatalog(folder);
  const events = createEventLog(db, clock);
  const artifacts = createArtifactCatalog(db, clock);
  const checkpoints = createCheckpoints(join(folder, "catalog.sqlite"));
  const metrics = createMetricStore(db, checkpoints);
  const newestId = db.prepare<[], { id: string | null }>(
    `SELECT max(id) AS id FROM (${tablesWithIds
      .map((table) => `SELECT max(id) AS id FROM ${table}`)
      .join(" UNION ALL ")})`,
  );
  const runValues = createRunValues(db);
  const images = createImageCatalog(db, clock);
  const jobs = createJobCatalog(db, clock, { events, artifacts, metrics, runValues, images });
  const engineStore = translatingSqliteErrors(jobs.engineStore, folder);
  const space = createDiskReserve(join(folder, "reserve"), reserve.pieces, reserve.bytes);
  space.hold();

  function transaction<T>(work: () => T): T {
    try {
      return durably(db, () => db.transaction(work).immediate());
    } catch (error) {
      throw translateSqliteError(error, folder);
    }
  }

  /**
   * Does what must be possible on a full disk: there it gives up reserve and tries again, until it
   * was faster than whatever fills the disk.
   */
  function urgently<T>(work: () => T): T {
    for (;;) {
      try {
        return work();
      } catch (error) {
        const isFull = error instanceof GauntletError && error.code === "DISK_FULL";
        if (!isFull || !space.release()) throw error;
      }
    }
  }

  return {
    events,
    artifacts,
    metrics,
    experiments: createExperimentCatalog(db, clock, newId, artifacts),
    datasets: createDatasetCatalog(db, clock, newId),
    attacks: createAttackCatalog(db, clock, newId, artifacts),
    models: createModelCatalog(db, clock, newId, artifacts),
    runs: createRunCatalog(db, clock, newId, events, runValues),
    sweeps: createSweepCatalog(db, clock, newId, events),
    sweepCells: createSweepCells(db),
    savedViews: createSavedViews(db, clock),
    settings: createSettings(db, clock),
    evaluations: createEvaluationCatalog(db, clock, newId, events, runValues),
    outcomes: createOutcomeReader(db),
    progress: createProgressCatalog(db),
    queue: createQueueCatalog(db),
    removal: createRemovalCatalog(db),
    /** Names that begin with `prefix`; see namesIn. */
    names(kind: NameKind, range: { prefix: string; limit: number }): string[] {
      return namesIn(db, kind, range);
    },
    /** Reads off this thread; close it before the catalog. */
    reader: createReader(folder),
    jobs: {
      ...jobs,
      engineStore: {
        ...engineStore,
        // To look after a job that was stopped because it filled the disk.
        markCollecting: (...args) => urgently(() => engineStore.markCollecting(...args)),
        endQueued: (...args) => urgently(() => engineStore.endQueued(...args)),
        endAttempt(...args) {
          engineStore.endAttempt(...args);
          space.hold(); // There was space for results again.
        },
      } satisfies EngineStore,
    },
    /** The greatest id that was ever given; null in an empty catalog. */
    newestId(): string | null {
      return newestId.get()?.id ?? null;
    },
    /**
     * Runs `work` as one transaction; all of it is kept or none, and survives a power cut.
     * Throws DISK_FULL and the like.
     */
    transaction,
    /** The same for what stops a job: it may be the job that has filled the disk. */
    urgentTransaction: <T>(work: () => T): T => urgently(() => transaction(work)),
    /** SQLite's own check of the file: `ok`, or what is wrong. */
    integrity(): string {
      return String(db.pragma("quick_check(1)", { simple: true }));
    },
    close(): void {
      checkpoints.close();
      close();
    },
  };
}
