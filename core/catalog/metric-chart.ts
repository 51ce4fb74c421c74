/** Reduces a window of a series to columns, from as few bytes as say enough. */
import { type AxisStatements, type ChunkRow, unpackPlaces } from "./metric-axis.ts";
import {
  chunkGroups,
  chunkPoints,
  firstOfProgression,
  groupPoints,
  placeFields,
  valueFields,
} from "./metric-chunk.ts";
import { unpackNumbers } from "./metric-column.ts";
import {
  type ChartColumns,
  type ColumnBuilder,
  columnsByCount,
  columnsByPlace,
  type Group,
} from "./metric-columns.ts";

export type Chart = {
  /** Points in the window. */
  points: number;
  /** Whether each column is a single point, as when the window holds no more than were asked. */
  raw: boolean;
  /** Whether no column begins before the end of the one in front of it. */
  sorted: boolean;
  columns: ChartColumns;
};

/** Points that stand in no chunk yet; `places` are NaN for none. */
export type LoosePoints = { position: number; places: Float64Array; values: Float64Array };

export type ChartParts = {
  statements: AxisStatements;
  seriesId: number;
  /** Both included; infinite for no end. */
  from: number;
  to: number;
  /** Most columns, 1 and more. */
  limit: number;
  tail: readonly LoosePoints[];
};

/**
 * Up to so many points per column, columns are made from points; up to eight chunks per column
 * from groups; else from chunks. So a column is long enough to hide that its ends are those of
 * whole groups.
 */
const pointsPerColumn = groupPoints * 4;
const groupedPerColumn = chunkPoints * 8;
/** Chunks whose points are read, at most, where groups are wider than a column. */
const refinedChunks = 64;

type Detail = "chunks" | "groups" | "points";

/** Must run in a transaction, so that chunks and tail are of one moment. */
export function drawChart(parts: ChartParts): Chart {
  const { statements, seriesId, from, to, limit, tail } = parts;
  let upTo = (statements.count.get(seriesId, from, to) ?? 0) * chunkPoints;
  for (const { values } of tail) upTo += values.length;
  const perColumn = upTo / limit;
  if (perColumn <= pointsPerColumn) return draw(parts, "points");
  const chart = draw(parts, perColumn <= groupedPerColumn ? "groups" : "chunks");
  // Most points of those chunks were outside the window after all.
  return !chart.raw && chart.points <= limit ? draw(parts, "points") : chart;
}

function draw(parts: ChartParts, detail: Detail): Chart {
  const { statements, seriesId, from, to, limit } = parts;
  const chunks = statements.chunks.all(seriesId, from, to);
  const extent = extentOf(parts, chunks);
  const builder = extent.sorted
    ? columnsByPlace(limit, extent.from, extent.to)
    : columnsByCount(limit);
  /** A group that is wider would be drawn across several columns. */
  const widest = extent.sorted ? extent.to / limit - extent.from / limit : Infinity;
  const painter = createPainter(parts, builder, widest);
  if (detail === "chunks") {
    for (const chunk of chunks) painter.addChunk(chunk);
  } else {
    let index = 0;
    for (const [places, values] of statements[detail].iterate(seriesId, from, to)) {
      const chunk = chunks[index++];
      if (!chunk) throw new Error("chunks changed while they were read");
      const numbers = unpackNumbers(values);
      if (detail === "points")
        painter.addPoints(chunk.position, unpackPlaces(chunk, places), numbers);
      else painter.addGroups(chunk, places && unpackNumbers(places), numbers);
    }
  }
  for (const { position, places, values } of parts.tail)
    painter.addPoints(position, places, values);
  const drawn = builder.finish();
  return { ...drawn, sorted: isSorted(drawn.columns) };
}

/** From where to where the window's points reach, and whether they follow each other there. */
function extentOf({ from, to, tail }: ChartParts, chunks: readonly ChunkRow[]) {
  let minimum = Infinity;
  let maximum = -Infinity;
  let sorted = true;
  for (const chunk of chunks) {
    if (chunk.sorted === 0 || chunk.from < maximum) sorted = false;
    minimum = Math.min(minimum, chunk.from);
    maximum = Math.max(maximum, chunk.to);
  }
  for (const { places } of tail)
    for (const place of places) {
      if (Number.isNaN(place) || place < from || place > to) continue;
      if (place < maximum) sorted = false;
      minimum = Math.min(minimum, place);
      maximum = Math.max(maximum, place);
    }
  return {
    from: Number.isFinite(from) ? from : minimum,
    to: Number.isFinite(to) ? to : maximum,
    sorted,
  };
}

function isSorted({ length, from, to }: ChartColumns): boolean {
  for (let at = 1; at < length; at++)
    if ((from[at] ?? Number.NaN) < (to[at - 1] ?? Number.NaN)) return false;
  return true;
}

/** Hands to the builder what lies in the window, in pieces as large as the chart bears. */
function createPainter(parts: ChartParts, builder: ColumnBuilder, widest: number) {
  const { statements, seriesId, from, to } = parts;
  let refined = 0;

  function addPoints(
    position: number,
    places: Float64Array,
    values: Float64Array,
    start = 0,
    end = values.length,
  ): void {
    for (let index = start; index < end; index++) {
      const place = places[index] ?? Number.NaN;
      if (place >= from && place <= to)
        // never so for NaN
        builder.addPoint(position + index, place, values[index] ?? Number.NaN);
    }
  }

  function pointsOf(chunk: ChunkRow) {
    const row = statements.pointsOf.get(seriesId, chunk.position);
    if (!row) throw new Error("a chunk went while it was read");
    return { places: unpackPlaces(chunk, row[0]), values: unpackNumbers(row[1]) };
  }

  function addGroups(chunk: ChunkRow, places: Float64Array | null, values: Float64Array): void {
    const { position, difference } = chunk;
    const first = difference === null ? 0 : firstOfProgression(chunk.from, chunk.to, difference);
    let points: ReturnType<typeof pointsOf> | undefined;
    const group: Group = {
      position: 0,
      count: groupPoints,
      from: 0,
      to: 0,
      minimum: 0,
      maximum: 0,
      first: 0,
      last: 0,
    };
    for (let index = 0; index < chunkGroups; index++) {
      const start = index * groupPoints;
      if (difference === null) {
        group.from = places?.[index * placeFields] ?? Number.NaN;
        group.to = places?.[index * placeFields + 1] ?? Number.NaN;
      } else {
        const one = first + start * difference;
        const other = first + (start + groupPoints - 1) * difference;
        group.from = Math.min(one, other);
        group.to = Math.max(one, other);
      }
      if (group.to < from || group.from > to) continue;
      // Not so for NaN, a group of which some points have no place.
      const isInside = group.from >= from && group.to <= to;
      const isTooWide = group.to - group.from > widest && (points || refined < refinedChunks);
      if (isInside && !isTooWide) {
        group.position = position + start;
        group.minimum = values[index * valueFields] ?? Number.NaN;
        group.maximum = values[index * valueFields + 1] ?? Number.NaN;
        group.first = values[index * valueFields + 2] ?? Number.NaN;
        group.last = values[index * valueFields + 3] ?? Number.NaN;
        builder.addGroup(group);
        continue;
      }
      if (!points) {
        points = pointsOf(chunk);
        refined++;
      }
      addPoints(position, points.places, points.values, start, start + groupPoints);
    }
  }

  return {
    addPoints,
    addGroups,
    addChunk(chunk: ChunkRow): void {
      const isInside = chunk.placed === chunkPoints && chunk.from >= from && chunk.to <= to;
      if (isInside && chunk.to - chunk.from <= widest) {
        builder.addGroup({ ...chunk, count: chunkPoints });
        return;
      }
      const row = statements.groupsOf.get(seriesId, chunk.position);
      if (!row) throw new Error("a chunk went while it was read");
      addGroups(chunk, row[0] && unpackNumbers(row[0]), unpackNumbers(row[1]));
    },
  };
}
