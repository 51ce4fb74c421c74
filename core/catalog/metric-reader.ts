/**
 * Reads metric series for charts, tables and export. Takes any connection, writes nothing, and
 * runs in a worker on a connection that cannot write.
 */
import type { Database } from "better-sqlite3";
import type { Stage } from "../../shared/schemas/run-folder.ts";
import { type Axis, prepareAxis, unpackPlaces } from "./metric-axis.ts";
import { type Chart, drawChart, type LoosePoints } from "./metric-chart.ts";
import { type PackedColumn, unpackColumn, unpackNumbers } from "./metric-column.ts";

/** A part of an axis, both ends included; null for no end. A point without a place is never in it. */
export type MetricWindow = { axis: Axis; from: number | null; to: number | null };

/** Parallel lists of points in the order of the series. */
export type PointPage = {
  positions: Float64Array;
  /** NaN where a point has none. */
  steps: Float64Array;
  /** Seconds since 1970; NaN where a point has none. */
  times: Float64Array;
  values: Float64Array;
  /** Where the next page starts, or null once the window has no further point. */
  next: number | null;
};

export type SeriesDetail = {
  id: number;
  jobId: string;
  stage: Stage;
  /** Number of the job's attempt; each has series of its own. */
  attempt: number;
  name: string;
  points: number;
  /** Points that have a step. */
  steps: number;
  /** Points that have a time. */
  times: number;
  last: number;
  minimum: number;
  maximum: number;
};

export type MetricReader = ReturnType<typeof createMetricReader>;

type TailRow = [position: number, points: number, PackedColumn, PackedColumn, Buffer];
type Points = { position: number; steps: Float64Array; times: Float64Array; values: Float64Array };
type ChunkTuple = [
  stepFrom: number,
  stepTo: number,
  stepDifference: number | null,
  steps: PackedColumn,
  timeFrom: number,
  timeTo: number,
  timeDifference: number | null,
  times: PackedColumn,
  values: Buffer,
];

export function createMetricReader(db: Database) {
  const byAxis = {
    step: prepareAxis(db, "step"),
    time: prepareAxis(db, "time"),
    position: prepareAxis(db, "position"),
  };
  const selectTail = db
    .prepare<[number, number], TailRow>(
      `SELECT position, points, steps, times, numbers FROM metric_tail
       WHERE series_id = ? AND position + points > ? ORDER BY position`,
    )
    .raw();
  const selectChunk = db
    .prepare<[number, number], ChunkTuple>(
      `SELECT step_minimum, step_maximum, step_difference, steps,
         time_minimum, time_maximum, time_difference, times, numbers
       FROM metric_chunk JOIN metric_chunk_points USING (id) WHERE series_id = ? AND position = ?`,
    )
    .raw();
  const selectSeries = db.prepare<[string], SeriesDetail>(
    `SELECT s.id, j.id AS jobId, j.stage, a.number AS attempt, s.name, s.points, s.steps, s.times,
       s.last, s.minimum, s.maximum
     FROM job j JOIN attempt a ON a.job_id = j.id JOIN metric_series s ON s.attempt_id = a.id
     WHERE j.run_id = ? ORDER BY a.id, s.name`,
  );

  // A metric that train and test both report is most of all a curve of the training.
  const selectLongest = db
    .prepare<[string, string], number>(
      `SELECT s.id FROM job j JOIN attempt a ON a.job_id = j.id AND a.number = j.attempt
         JOIN metric_series s ON s.attempt_id = a.id
       WHERE j.run_id = ? AND s.name = ? ORDER BY s.points DESC, j.id DESC LIMIT 1`,
    )
    .pluck();

  function chunkAt(seriesId: number, position: number): Points {
    const row = selectChunk.get(seriesId, position);
    if (!row) throw new Error("a chunk went while it was read");
    const [
      stepFrom,
      stepTo,
      stepDifference,
      steps,
      timeFrom,
      timeTo,
      timeDifference,
      times,
      values,
    ] = row;
    return {
      position,
      steps: unpackPlaces({ from: stepFrom, to: stepTo, difference: stepDifference }, steps),
      times: unpackPlaces({ from: timeFrom, to: timeTo, difference: timeDifference }, times),
      values: unpackNumbers(values),
    };
  }

  /** The tail's rows that hold points from `start` on. */
  function tailFrom(seriesId: number, start: number): Points[] {
    return selectTail.all(seriesId, start).map(([position, count, steps, times, numbers]) => {
      const points = {
        position,
        steps: new Float64Array(count),
        times: new Float64Array(count),
        values: unpackNumbers(numbers),
      };
      unpackColumn(steps, count, points.steps);
      unpackColumn(times, count, points.times);
      return points;
    });
  }

  const chart = db.transaction(
    (seriesId: number, { axis, from, to }: MetricWindow, columns: number): Chart => {
      if (!Number.isSafeInteger(columns) || columns < 1)
        throw new RangeError("a chart has at least one column");
      const tail = tailFrom(seriesId, 0).map((points): LoosePoints => ({
        ...points,
        places: placesOf(points, axis),
      }));
      return drawChart({
        statements: byAxis[axis],
        seriesId,
        from: from ?? -Infinity,
        to: to ?? Infinity,
        limit: columns,
        tail,
      });
    },
  );

  const page = db.transaction(
    (seriesId: number, window: MetricWindow, start: number, limit: number): PointPage => {
      if (!Number.isSafeInteger(limit) || limit < 1)
        throw new RangeError("a page has at least one point");
      const from = window.from ?? -Infinity;
      const to = window.to ?? Infinity;
      const collected = createPage(window.axis, from, to, start, limit);
      const positions = byAxis[window.axis].positions.iterate(seriesId, from, to, start);
      for (const position of positions)
        if (!collected.add(chunkAt(seriesId, position))) return collected.finish();
      for (const points of tailFrom(seriesId, start))
        if (!collected.add(points)) return collected.finish();
      return collected.finish();
    },
  );

  return {
    /**
     * A window of a series in at most `columns` columns (1 and more), each exact for the points
     * that it holds; the points themselves when they are no more. Points in the order of the axis
     * are cut by width, others by number. A series that is not there has no points.
     */
    chart: (seriesId: number, window: MetricWindow, columns: number): Chart =>
      chart(seriesId, window, columns),
    /**
     * At most `limit` points of a window from position `start` on, in the order of the series. By
     * position, with `start` the number of points known, that is what came since.
     */
    points: (seriesId: number, window: MetricWindow, start: number, limit: number): PointPage =>
      page(seriesId, window, start, limit),
    /** Every series of a run's jobs and their attempts, oldest attempt first, then by name. */
    seriesOfRun: (runId: string): SeriesDetail[] => selectSeries.all(runId),
    /** Of the newest attempts of a run's jobs the series of this name with the most points. */
    longestSeries: (runId: string, name: string): number | undefined =>
      selectLongest.get(runId, name),
  };
}

function placesOf({ position, steps, times }: Points, axis: Axis): Float64Array {
  if (axis === "step") return steps;
  if (axis === "time") return times;
  return Float64Array.from(steps, (_, index) => position + index);
}

function createPage(axis: Axis, from: number, to: number, start: number, limit: number) {
  const positions: number[] = [];
  const steps: number[] = [];
  const times: number[] = [];
  const values: number[] = [];
  let next: number | null = null;
  return {
    /** False once the page is full and a further point was seen. */
    add(points: Points): boolean {
      const places = placesOf(points, axis);
      for (let index = Math.max(0, start - points.position); index < places.length; index++) {
        const place = places[index] ?? Number.NaN;
        if (!(place >= from && place <= to)) continue;
        if (positions.length === limit) {
          next = points.position + index;
          return false;
        }
        positions.push(points.position + index);
        steps.push(points.steps[index] ?? Number.NaN);
        times.push(points.times[index] ?? Number.NaN);
        values.push(points.values[index] ?? Number.NaN);
      }
      return true;
    },
    finish: (): PointPage => ({
      positions: Float64Array.from(positions),
      steps: Float64Array.from(steps),
      times: Float64Array.from(times),
      values: Float64Array.from(values),
      next,
    }),
  };
}
