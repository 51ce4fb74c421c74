/** Series for tests of the metric store: a catalog with one attempt, and points to put into it. */
import { createMetricBatch, addPoint } from "../../domain/metric-lines.ts";
import { openCatalog } from "../open.ts";
import { createMetricReader } from "../metric-reader.ts";
import { createMetricStore } from "../metrics.ts";

export type Point = { step: number | null; time: number | null; value: number };

/** A store with an attempt whose id is 1. */
export function openStore(folder: string) {
  const { db, close } = openCatalog(folder);
  db.exec(`INSERT INTO job (id, stage, runner, state, cpus, gpus, retries, spec_json, created_at)
    VALUES ('job', 'train', 'process', 'running', 1, 0, 0, '{}', 0) ON CONFLICT DO NOTHING;
    INSERT INTO attempt (id, job_id, number, folder, gpus_json, command_json, state, created_at)
    VALUES (1, 'job', 1, '/x', '[]', '[]', 'running', 0) ON CONFLICT DO NOTHING`);
  return { db, close, metrics: createMetricStore(db), reader: createMetricReader(db) };
}

/** A batch of points, each of the series that it names. */
export function batchOf(points: readonly (Point & { name: string })[], badLines = 0) {
  const batch = { ...createMetricBatch(), badLines };
  for (const { name, step, time, value } of points)
    addPoint(batch, name, step ?? Number.NaN, time ?? Number.NaN, value);
  return batch;
}

/** Appends points to the series `loss` of attempt 1, as the engine does. */
export function append(
  { metrics }: Pick<ReturnType<typeof openStore>, "metrics">,
  points: readonly Point[],
): void {
  const named = points.map((point) => ({ ...point, name: "loss" }));
  metrics.append(1, batchOf(named), { offset: 0, skipping: false });
  while (metrics.pack(1));
}
