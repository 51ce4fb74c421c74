import type { Clock } from "../domain/ports.ts";
import { createArtifactCatalog } from "./artifacts.ts";
import { createAttackCatalog } from "./attacks.ts";
import { createDatasetCatalog } from "./datasets.ts";
import { createEvaluationCatalog } from "./evaluations.ts";
import { createEventLog } from "./events.ts";
import { createExperimentCatalog } from "./experiments.ts";
import { createJobCatalog } from "./jobs.ts";
import { createMetricStore } from "./metrics.ts";
import { createModelCatalog } from "./models.ts";
import { openCatalog } from "./open.ts";
import { createProgressCatalog } from "./progress.ts";
import { createRemovalCatalog } from "./removal.ts";
import { createRunCatalog } from "./runs.ts";
import { createSweepCatalog } from "./sweeps.ts";
import { translateSqliteError } from "./sqlite-errors.ts";

/** Tables whose ids come from the id source. */
const tablesById = [
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

export type Catalog = ReturnType<typeof createCatalog>;

/**
 * The experiment catalog of a data folder, owned by this process until `close`.
 * Throws what openCatalog throws.
 */
export function createCatalog(folder: string, clock: Clock, newId: () => string) {
  const { db, close } = openCatalog(folder);
  const newestId = db.prepare<[], { id: string | null }>(
    `SELECT max(id) AS id FROM (${tablesById.map((table) => `SELECT max(id) AS id FROM ${table}`).join(" UNION ALL ")})`,
  );
  const events = createEventLog(db, clock);
  const artifacts = createArtifactCatalog(db, clock);
  const metrics = createMetricStore(db);
  return {
    events,
    artifacts,
    metrics,
    experiments: createExperimentCatalog(db, clock, newId, artifacts),
    datasets: createDatasetCatalog(db, clock, newId),
    attacks: createAttackCatalog(db, clock, newId, artifacts),
    models: createModelCatalog(db, clock, newId, artifacts),
    runs: createRunCatalog(db, clock, newId, events),
    sweeps: createSweepCatalog(db, clock, newId, events),
    evaluations: createEvaluationCatalog(db, clock, newId, events),
    progress: createProgressCatalog(db),
    removal: createRemovalCatalog(db),
    jobs: createJobCatalog(db, clock, { events, artifacts, metrics }),
    /** Runs `work` as one transaction; all of it is kept or none. */
    transaction<T>(work: () => T): T {
      try {
        return db.transaction(work).immediate();
      } catch (error) {
        throw translateSqliteError(error, folder);
      }
    },
    /** The id that sorts last of all that the catalog holds; null for an empty one. */
    newestId(): string | null {
      return newestId.get()?.id ?? null;
    },
    /** SQLite's own check of the file: `ok`, or what is wrong. */
    integrity(): string {
      return String(db.pragma("quick_check(1)", { simple: true }));
    },
    close,
  };
}
