import type { Database } from "better-sqlite3";
import type { GpuSample, IngestPosition, ResourceSample } from "../domain/ports.ts";
import type { MetricBatch } from "../domain/metric-lines.ts";
import { fromJson } from "./json.ts";
import type { Checkpoints } from "./checkpoints.ts";
import { createMetricWriter } from "./metric-writer.ts";
import { createRunValues } from "./run-values.ts";

export type MetricStore = ReturnType<typeof createMetricStore>;

export type MetricSummary = {
  name: string;
  points: number;
  last: number;
  minimum: number;
  maximum: number;
};

/** About what a point comes to in the write-ahead log, its packing into chunks included. */
const bytesPerPoint = 50;

/** Samples of before they were measured have neither temperature nor power. */
type StoredGpu = Omit<GpuSample, "temperature" | "power"> & Partial<GpuSample>;

type ResourceRow = Omit<ResourceSample, "gpus"> & { gpus_json: string };

const metricsFile = "out/metrics.jsonl";
const resourcesFile = "resources.jsonl";

/**
 * Series of numbers that jobs report, and of what they use. The read offset of the source is
 * committed with the rows, so that every point is there exactly once whatever dies when. Charts
 * are read through metric-reader.ts.
 */
export function createMetricStore(db: Database, checkpoints?: Checkpoints) {
  const writer = createMetricWriter(db);
  const runValues = createRunValues(db);
  const selectPosition = db.prepare<[number, string], { offset: number; skipping: number }>(
    "SELECT offset, skipping FROM ingest WHERE attempt_id = ? AND file = ?",
  );
  const upsertPosition = db.prepare<[number, string, number, number]>(
    `INSERT INTO ingest (attempt_id, file, offset, skipping) VALUES (?, ?, ?, ?)
     ON CONFLICT (attempt_id, file) DO UPDATE SET offset = excluded.offset, skipping = excluded.skipping`,
  );
  const addBadLines = db.prepare<[number, number]>(
    "UPDATE attempt SET bad_lines = bad_lines + ? WHERE id = ?",
  );
  const insertResources = db.prepare(
    `INSERT INTO resource_sample (attempt_id, time, cpu_seconds, memory, read_bytes, written_bytes,
       disk_free, gpus_json) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const summaries = db.prepare<[string], MetricSummary>(
    `SELECT s.name, s.points, s.last, s.minimum, s.maximum
     FROM metric_series s JOIN attempt a ON a.id = s.attempt_id JOIN job j ON j.id = a.job_id
     WHERE j.run_id = ? AND a.number = j.attempt ORDER BY s.name, j.id`,
  );

  // The last sample of an attempt is always among those that are kept.
  const selectResources = db.prepare<{ attempt: number; most: number }, ResourceRow>(
    `WITH numbered AS (
       SELECT *, row_number() OVER (ORDER BY time DESC) - 1 AS at, count(*) OVER () AS total
       FROM resource_sample WHERE attempt_id = @attempt)
     SELECT time, cpu_seconds AS cpuSeconds, memory, read_bytes AS readBytes,
       written_bytes AS writtenBytes, disk_free AS diskFree, gpus_json
     FROM numbered WHERE at % ((total + @most - 1) / @most) = 0 ORDER BY time`,
  );

  const appendBatch = db.transaction(
    (attemptId: number, batch: MetricBatch, position: IngestPosition) => {
      runValues.addMetrics(attemptId, writer.append(attemptId, batch.series));
      if (batch.badLines > 0) addBadLines.run(batch.badLines, attemptId);
      upsertPosition.run(attemptId, metricsFile, position.offset, position.skipping ? 1 : 0);
    },
  );

  const pack = db.transaction((attemptId: number): boolean => writer.pack(attemptId));

  const appendResources = db.transaction(
    (attemptId: number, samples: ResourceSample[], position: IngestPosition) => {
      for (const sample of samples)
        insertResources.run(
          attemptId,
          sample.time,
          sample.cpuSeconds,
          sample.memory,
          sample.readBytes,
          sample.writtenBytes,
          sample.diskFree,
          JSON.stringify(sample.gpus),
        );
      upsertPosition.run(attemptId, resourcesFile, position.offset, position.skipping ? 1 : 0);
    },
  );

  return {
    append(attemptId: number, batch: MetricBatch, position: IngestPosition): void {
      appendBatch(attemptId, batch, position);
      let points = 0;
      for (const { values } of batch.series.values()) points += values.length;
      checkpoints?.written(points * bytesPerPoint);
    },
    /** Packs a share of what an attempt's appends have left; true while there may be more. */
    pack,
    appendResources,
    position(attemptId: number, file: string): IngestPosition {
      const row = selectPosition.get(attemptId, file);
      return row
        ? { offset: row.offset, skipping: row.skipping === 1 }
        : { offset: 0, skipping: false };
    },
    /** What an attempt used, in the order of time: at most `most` samples, evenly spaced. */
    resources(attemptId: number, most: number): ResourceSample[] {
      return selectResources
        .all({ attempt: attemptId, most })
        .map(({ gpus_json, ...sample }) => ({ ...sample, gpus: gpusFrom(gpus_json) }));
    },
    /** Last, smallest and largest value of each metric of a run's newest attempts. */
    summariesOfRun(runId: string): MetricSummary[] {
      return summaries.all(runId);
    },
  };
}

function gpusFrom(json: string): GpuSample[] {
  const stored: StoredGpu[] = fromJson(json);
  return stored.map((gpu) => ({
    ...gpu,
    temperature: gpu.temperature ?? null,
    power: gpu.power ?? null,
  }));
}
