import type { Clock } from "../domain/ports.ts";
import { createArtifactCatalog } from "./artifacts.ts";
import { createAttackCatalog } from "./attacks.ts";
import { createDatasetCatalog } from "./datasets.ts";
import { createEvaluationCatalog } from "./evaluations.ts";
import { durably } from "./durable.ts";
import { createEventLog } from "./events.ts";
import { createExperimentCatalog } from "./experiments.ts";
import { createJobCatalog } from "./jobs.ts";
import { createMetricStore } from "./metrics.ts";
import { createModelCatalog } from "./models.ts";
import { openCatalog } from "./open.ts";
import { createRunCatalog } from "./runs.ts";
import { translateSqliteError, translatingSqliteErrors } from "./sqlite-errors.ts";

export type Catalog = ReturnType<typeof createCatalog>;

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
  const metrics = createMetricStore(db);
  const newestId = db.prepare<[], { id: string | null }>(
    `SELECT max(id) AS id FROM (${tablesWithIds
      .map((table) => `SELECT max(id) AS id FROM ${table}`)
      .join(" UNION ALL ")})`,
  );
  const jobs = createJobCatalog(db, clock, { events, artifacts, metrics });
  return {
    events,
    artifacts,
    metrics,
    experiments: createExperimentCatalog(db, clock, newId, artifacts),
    datasets: createDatasetCatalog(db, clock, newId),
    attacks: createAttackCatalog(db, clock, newId, artifacts),
    models: createModelCatalog(db, clock, newId, artifacts),
    runs: createRunCatalog(db, clock, newId, events),
    evaluations: createEvaluationCatalog(db, clock, newId, events),
    jobs: { ...jobs, engineStore: translatingSqliteErrors(jobs.engineStore, folder) },
    /** Runs `work` as one transaction; all of it is kept or none, and survives a power cut. */
    transaction<T>(work: () => T): T {
      try {
        return durably(db, () => db.transaction(work).immediate());
      } catch (error) {
        throw translateSqliteError(error, folder);
      }
    },
    /** The greatest id that was ever given; null in an empty catalog. */
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
