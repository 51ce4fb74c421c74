/** How the points of chunks are found along an axis; the statements that read them. */
import type { Database } from "better-sqlite3";
import { chunkPoints, firstOfProgression } from "./metric-chunk.ts";
import { fillProgression, type PackedColumn, unpackColumn } from "./metric-column.ts";

/** What a point's place is: its step, its time, or its position in the series, from 0 on. */
export type Axis = "step" | "time" | "position";

/** What is known of where a chunk's points stand without a look at them. */
export type PlaceRange = { from: number; to: number; difference: number | null };

export type ChunkRow = PlaceRange & {
  position: number;
  /** Points that have a place. */
  placed: number;
  sorted: 0 | 1;
  minimum: number;
  maximum: number;
  first: number;
  last: number;
};

/** A ChunkRow as better-sqlite3 gives it faster than objects. */
type ChunkTuple = [
  position: number,
  from: number,
  to: number,
  difference: number | null,
  placed: number,
  sorted: 0 | 1,
  minimum: number,
  maximum: number,
  first: number,
  last: number,
];

export function chunkOf(tuple: ChunkTuple): ChunkRow {
  const [position, from, to, difference, placed, sorted, minimum, maximum, first, last] = tuple;
  return { position, from, to, difference, placed, sorted, minimum, maximum, first, last };
}

/** Of blocks, groups or points. */
export type PlacesAndValues = [places: PackedColumn, values: Buffer];

/** The columns of metric_chunk that say where its points stand; `places`: of its parts. */
const stepColumns = {
  from: "step_minimum",
  to: "step_maximum",
  difference: "step_difference",
  placed: "step_points",
  sorted: "step_sorted",
  blocks: "step_blocks",
  places: "part.steps",
};
const columnsOf: Record<Axis, typeof stepColumns> = {
  step: stepColumns,
  time: {
    from: "time_minimum",
    to: "time_maximum",
    difference: "time_difference",
    placed: "time_points",
    sorted: "time_sorted",
    blocks: "time_blocks",
    places: "part.times",
  },
  position: {
    from: "position",
    to: `position + ${chunkPoints - 1}`,
    difference: "1",
    placed: `${chunkPoints}`,
    sorted: "1",
    blocks: "NULL",
    places: "NULL",
  },
};

export type AxisStatements = ReturnType<typeof prepareAxis>;

/** Statements on the chunks of a series that reach into a window: series, from, to. */
export function prepareAxis(db: Database, axis: Axis) {
  const { from, to, difference, placed, sorted, blocks, places } = columnsOf[axis];
  // Positions are compared bare, so that the primary key is searched.
  const reaches = axis === "position" ? `position >= ? - ${chunkPoints - 1}` : `${to} >= ?`;
  const inWindow = `WHERE series_id = ? AND ${reaches} AND ${from} <= ?`;
  const parts = (table: string) =>
    `SELECT ${places}, part.numbers FROM metric_chunk JOIN ${table} AS part USING (id)`;
  type Ranged = [series: number, from: number, to: number];
  type One = [series: number, position: number];
  const ranged = (select: string) =>
    db
      .prepare<[...Ranged, first: number, last: number], PlacesAndValues>(
        `${select} ${inWindow} AND position BETWEEN ? AND ? ORDER BY position`,
      )
      .raw();
  const one = (table: string) =>
    db.prepare<One, PlacesAndValues>(`${parts(table)} WHERE series_id = ? AND position = ?`).raw();
  return {
    count: db.prepare<Ranged, number>(`SELECT count(*) FROM metric_chunk ${inWindow}`).pluck(),
    chunks: db
      .prepare<Ranged, ChunkTuple>(
        `SELECT position, ${from}, ${to}, ${difference}, ${placed}, ${sorted},
           minimum, maximum, first, last
         FROM metric_chunk ${inWindow} ORDER BY position`,
      )
      .raw(),
    /** The parts of those from one position up to another. */
    blocks: ranged(`SELECT ${blocks}, blocks FROM metric_chunk`),
    groups: ranged(parts("metric_chunk_groups")),
    points: ranged(parts("metric_chunk_points")),
    groupsOf: one("metric_chunk_groups"),
    pointsOf: one("metric_chunk_points"),
    /** For pages: series, from, to, the first position that is asked for. */
    positions: db
      .prepare<[...Ranged, start: number], number>(
        `SELECT position FROM metric_chunk ${inWindow} AND position > ? - ${chunkPoints}
         ORDER BY position`,
      )
      .pluck(),
  };
}

/** The places of a chunk's points; NaN for none. */
export function unpackPlaces(
  { from, to, difference }: PlaceRange,
  packed: PackedColumn,
): Float64Array {
  const places = new Float64Array(chunkPoints);
  if (difference === null) unpackColumn(packed, chunkPoints, places);
  else
    fillProgression(places, 0, chunkPoints, firstOfProgression(from, to, difference), difference);
  return places;
}
