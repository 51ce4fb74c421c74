/** Reduces a window of a series to columns, from as few bytes as say enough. */
import {
  type AxisStatements,
  chunkOf,
  type ChunkRow,
  type PlacesAndValues,
  unpackPlaces,
} from "./metric-axis.ts";
import {
  blockPoints,
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
 * Up to so many points per column, columns are made from points, from groups, from blocks; beyond,
 * from chunks. Their ends are those of whole parts, of which a column has two or four at least.
 */
const pointsUpTo = groupPoints * 2;
const groupsUpTo = blockPoints * 4;
const blocksUpTo = chunkPoints * 4;
/** Chunks whose points are read, at most, where groups are wider than a column. */
const refinedChunks = 64;

/** Points of the parts that are read of chunks. */
const partSize = { blocks: blockPoints, groups: groupPoints, points: 1 };
/** Chunks read by one statement: many, since a statement costs, but not all, for the memory. */
const chunksAtOnce = 256;

type Detail = "chunks" | "blocks" | "groups" | "points";

/** Must run in a transaction, so that chunks and tail are of one moment. */
export function drawChart(parts: ChartParts): Chart {
  const { statements, seriesId, from, to, limit, tail } = parts;
  let upTo = (statements.count.get(seriesId, from, to) ?? 0) * chunkPoints;
  for (const { values } of tail) upTo += values.length;
  const detail = detailFor(upTo / limit);
  const chart = draw(parts, detail);
  // Most points of those chunks were outside the window after all.
  return !chart.raw && chart.points <= limit ? draw(parts, "points") : chart;
}

function detailFor(perColumn: number): Detail {
  if (perColumn <= pointsUpTo) return "points";
  if (perColumn <= groupsUpTo) return "groups";
  return perColumn <= blocksUpTo ? "blocks" : "chunks";
}

function draw(parts: ChartParts, detail: Detail): Chart {
  const { statements, seriesId, from, to, limit } = parts;
  const chunks = statements.chunks.all(seriesId, from, to).map(chunkOf);
  const extent = extentOf(parts, chunks);
  const builder = extent.sorted
    ? columnsByPlace(limit, extent.from, extent.to)
    : columnsByCount(limit, from, to);
  /** A group that is wider would be drawn across several columns. */
  const widest = extent.sorted ? extent.to / limit - extent.from / limit : Infinity;
  const painter = createPainter(parts, builder, widest);
  if (detail === "chunks") for (const chunk of chunks) painter.addChunk(chunk);
  else
    for (let start = 0; start < chunks.length; start += chunksAtOnce) {
      const some = chunks.slice(start, start + chunksAtOnce);
      const ends = [some[0]?.position ?? 0, some.at(-1)?.position ?? 0] as const;
      const rows = statements[detail].all(seriesId, from, to, ...ends);
      for (const [index, chunk] of some.entries())
        painter.addParts(chunk, partSize[detail], rows[index]);
    }
  for (const { position, places, values } of parts.tail)
    builder.addPoints(position, places, values, 0, values.length);
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
  /** What was read besides of one chunk, the last that it was needed of. */
  let known: { position: number; groups?: PlacesAndValues; points?: PlacesAndValues } = {
    position: -1,
  };

  /** Adds the points from `start` on, of a part of `size`, by smaller parts. */
  function refine(chunk: ChunkRow, size: number, start: number): void {
    const { position } = chunk;
    if (known.position !== position) known = { position };
    if (size === groupPoints) {
      known.points ??= statements.pointsOf.get(seriesId, position);
      addRange(chunk, 1, known.points, start, start + size);
    } else {
      known.groups ??= statements.groupsOf.get(seriesId, position);
      addRange(chunk, groupPoints, known.groups, start, start + size);
    }
  }

  function addRange(
    chunk: ChunkRow,
    size: number,
    row: PlacesAndValues | undefined,
    start: number,
    end: number,
  ): void {
    if (!row) throw new Error("a chunk went while it was read");
    const values = unpackNumbers(row[1]);
    if (size === 1) {
      builder.addPoints(chunk.position, unpackPlaces(chunk, row[0]), values, start, end);
      return;
    }
    const { position, difference } = chunk;
    const places = row[0] && unpackNumbers(row[0]);
    const first = difference === null ? 0 : firstOfProgression(chunk.from, chunk.to, difference);
    const group: Group = { ...chunk, count: size };
    for (let at = start; at < end; at += size) {
      const index = at / size;
      if (difference === null) {
        group.from = places?.[index * placeFields] ?? Number.NaN;
        group.to = places?.[index * placeFields + 1] ?? Number.NaN;
      } else {
        const one = first + at * difference;
        const other = first + (at + size - 1) * difference;
        group.from = Math.min(one, other);
        group.to = Math.max(one, other);
      }
      if (group.to < from || group.from > to) continue;
      // Not so for NaN, a part of which some points have no place.
      const isInside = group.from >= from && group.to <= to;
      if (!isInside || (group.to - group.from > widest && mayRefine(chunk, size))) {
        refine(chunk, size, at);
        continue;
      }
      group.position = position + at;
      group.minimum = values[index * valueFields] ?? Number.NaN;
      group.maximum = values[index * valueFields + 1] ?? Number.NaN;
      group.first = values[index * valueFields + 2] ?? Number.NaN;
      group.last = values[index * valueFields + 3] ?? Number.NaN;
      builder.addGroup(group);
    }
  }

  /** Whether a part that is only too wide is worth reading more of its chunk. */
  function mayRefine({ position }: ChunkRow, size: number): boolean {
    if (size > groupPoints || (known.position === position && known.points)) return true;
    return refined++ < refinedChunks;
  }

  return {
    /** Adds a chunk of which the summaries of parts of `size` points, or the points, are known. */
    addParts(chunk: ChunkRow, size: number, row: PlacesAndValues | undefined): void {
      addRange(chunk, size, row, 0, chunkPoints);
    },
    addChunk(chunk: ChunkRow): void {
      const isInside = chunk.placed === chunkPoints && chunk.from >= from && chunk.to <= to;
      if (isInside && chunk.to - chunk.from <= widest)
        builder.addGroup({ ...chunk, count: chunkPoints });
      else refine(chunk, chunkPoints, 0);
    },
  };
}
