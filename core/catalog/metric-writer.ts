import type { Database } from "better-sqlite3";
import type { SeriesPoints } from "../domain/metric-lines.ts";
import { chunkPoints, createChunkInsert, type Points } from "./metric-chunk.ts";
import type { MetricValue } from "./run-values.ts";
import { type PackedColumn, packColumn, packNumbers, unpackColumn } from "./metric-column.ts";

/** A tail row takes further points until it has as many; then a new row is begun. */
const tailRowPoints = 64;
/** Chunks' worth of points that are packed at once, which holds the event loop for some ms. */
const packedAtOnce = 16;

type Series = {
  id: number;
  points: number;
  chunked: number;
  tail: number;
  minimum: number | null;
  maximum: number | null;
};
/** Number of points, steps, times, values. */
type TailRow = [number, PackedColumn, PackedColumn, Buffer];

/**
 * Appends points to series. Both functions must run in a transaction. New points become a row of
 * the series' tail, or join the tail's last row while that is small; a tail that holds a chunk's
 * points is packed into chunks. So a point is written at most three times, whether points come one
 * at a time or by the thousand, and a tail has few rows.
 */
export function createMetricWriter(db: Database) {
  const selectSeries = db.prepare<[number, string], Series>(
    `SELECT id, points, chunked, tail, minimum, maximum FROM metric_series
     WHERE attempt_id = ? AND name = ?`,
  );
  const insertSeries = db.prepare<[number, string]>(
    "INSERT INTO metric_series (attempt_id, name) VALUES (?, ?)",
  );
  const updateSeries = db.prepare<number[]>(
    `UPDATE metric_series SET points = ?, chunked = ?, tail = ?, steps = steps + ?,
       times = times + ?, last = ?, minimum = ?, maximum = ? WHERE id = ?`,
  );
  const selectTail = db
    .prepare<[number], TailRow>(
      "SELECT points, steps, times, numbers FROM metric_tail WHERE series_id = ? ORDER BY position",
    )
    .raw();
  const selectTailRow = db
    .prepare<[number, number], TailRow>(
      "SELECT points, steps, times, numbers FROM metric_tail WHERE series_id = ? AND position = ?",
    )
    .raw();
  const insertTail = db.prepare<[number, number, ...TailRow]>(
    `INSERT INTO metric_tail (series_id, position, points, steps, times, numbers)
     VALUES (?, ?, ?, ?, ?, ?)`,
  );
  const updateTail = db.prepare<[...TailRow, number, number]>(
    `UPDATE metric_tail SET points = ?, steps = ?, times = ?, numbers = ?
     WHERE series_id = ? AND position = ?`,
  );
  const selectFull = db.prepare<[number, number], Series>(
    `SELECT id, points, chunked, tail, minimum, maximum FROM metric_series
     WHERE attempt_id = ? AND points - chunked >= ${chunkPoints} LIMIT ?`,
  );
  const updatePacked = db.prepare<[number, number, number]>(
    "UPDATE metric_series SET chunked = ?, tail = ? WHERE id = ?",
  );
  const deleteTail = db.prepare<[number]>("DELETE FROM metric_tail WHERE series_id = ?");
  const insertChunk = createChunkInsert(db);

  function seriesOf(attemptId: number, name: string): Series {
    const found = selectSeries.get(attemptId, name);
    if (found) return found;
    const id = Number(insertSeries.run(attemptId, name).lastInsertRowid);
    return { id, points: 0, chunked: 0, tail: 0, minimum: null, maximum: null };
  }

  /** Appends a row to the tail, or the points to its last row. Returns that row's position. */
  function extendTail({ id, points, chunked, tail }: Series, added: SeriesPoints): number {
    const isSmall = points > chunked && points - tail < tailRowPoints;
    const last = isSmall ? selectTailRow.get(id, tail) : undefined;
    if (last) updateTail.run(...tailRow(join([last], added)), id, tail);
    else insertTail.run(id, points, ...tailRow(join([], added)));
    return last ? tail : points;
  }

  /** Packs the tail and new points into chunks; what is over is the tail, from the result on. */
  function packTail({ id, chunked }: Series, added: SeriesPoints): number {
    const { steps, times, values } = join(selectTail.all(id), added);
    deleteTail.run(id);
    let start = 0;
    for (; values.length - start >= chunkPoints; start += chunkPoints) {
      const end = start + chunkPoints;
      insertChunk(id, chunked + start, {
        steps: steps.subarray(start, end),
        times: times.subarray(start, end),
        values: values.subarray(start, end),
      });
    }
    const rest = {
      steps: steps.subarray(start),
      times: times.subarray(start),
      values: values.subarray(start),
    };
    if (rest.values.length > 0) insertTail.run(id, chunked + start, ...tailRow(rest));
    return chunked + start;
  }

  return {
    /**
     * Adds a batch to an attempt's series, and tells what each of them comes to now. Throws on a
     * value that is not finite.
     */
    append(attemptId: number, batch: ReadonlyMap<string, SeriesPoints>): MetricValue[] {
      const summaries: MetricValue[] = [];
      for (const [name, added] of batch) {
        const { values } = added;
        const series = seriesOf(attemptId, name);
        let { chunked, tail } = series;
        if (values.length >= chunkPoints) {
          chunked = packTail(series, added);
          tail = chunked;
        } else {
          tail = extendTail(series, added);
        }
        const last = values.at(-1) ?? Number.NaN;
        let minimum = series.minimum ?? Infinity;
        let maximum = series.maximum ?? -Infinity;
        for (const value of values) {
          if (!Number.isFinite(value)) throw new Error(`a value of ${name} is not finite`);
          if (value < minimum) minimum = value;
          if (value > maximum) maximum = value;
        }
        updateSeries.run(
          series.points + values.length,
          chunked,
          tail,
          countPresent(added.steps),
          countPresent(added.times),
          last,
          minimum,
          maximum,
          series.id,
        );
        summaries.push({ name, last, minimum, maximum });
      }
      return summaries;
    },
    /**
     * Packs tails of an attempt that are long enough, and says whether more of them may wait. A
     * thousand series that grow in step are full at the same moment; packing them all, in the
     * transaction of the append or in one, would hold the event loop.
     */
    pack(attemptId: number): boolean {
      const full = selectFull.all(attemptId, packedAtOnce);
      for (const series of full) {
        const chunked = packTail(series, nothing);
        updatePacked.run(chunked, chunked, series.id);
      }
      return full.length === packedAtOnce;
    },
  };
}

const nothing: SeriesPoints = { steps: [], times: [], values: [] };

function tailRow({ steps, times, values }: Points): TailRow {
  return [values.length, packColumn(steps), packColumn(times), packNumbers(values)];
}

/** The points of tail rows and those that follow them. */
function join(rows: readonly TailRow[], added: SeriesPoints): Points {
  let at = 0;
  for (const [points] of rows) at += points;
  const total = at + added.values.length;
  const steps = new Float64Array(total);
  const times = new Float64Array(total);
  const values = new Float64Array(total);
  steps.set(added.steps, at);
  times.set(added.times, at);
  values.set(added.values, at);
  at = 0;
  for (const [points, packedSteps, packedTimes, numbers] of rows) {
    unpackColumn(packedSteps, points, steps, at);
    unpackColumn(packedTimes, points, times, at);
    unpackColumn(numbers, points, values, at);
    at += points;
  }
  return { steps, times, values };
}

function countPresent(numbers: readonly number[]): number {
  let count = 0;
  for (const number of numbers) if (!Number.isNaN(number)) count++;
  return count;
}
