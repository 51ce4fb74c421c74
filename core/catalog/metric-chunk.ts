import type { Database } from "better-sqlite3";
import { type PackedColumn, packNumbers, progressionOf } from "./metric-column.ts";

/** Points of a chunk: always as many. 32 KiB of values. */
export const chunkPoints = 4096;
/** Points of a group, the finest thing that a chunk's summaries tell of. */
export const groupPoints = 64;
/** Points of a block, eight groups: summaries short enough to stand beside each other. */
export const blockPoints = 512;
/** Numbers that tell of the values of a group or block: smallest, largest, first, last. */
export const valueFields = 4;
/** Numbers that tell of its steps or times: smallest, largest. */
export const placeFields = 2;

const chunkGroups = chunkPoints / groupPoints;
const chunkBlocks = chunkPoints / blockPoints;
const blockGroups = blockPoints / groupPoints;

/** Where a chunk's points stand on an axis: by step or by time. */
export type PackedPlaces = {
  /** Points that have a place. */
  count: number;
  minimum: number | null;
  maximum: number | null;
  /** 1 when no point stands before the one in front of it. */
  sorted: 0 | 1;
  /** The difference when the places are an arithmetic progression; it needs no blobs. */
  difference: number | null;
  /** Smallest and largest place per group; NaN for a group with a point that has none. */
  groups: Buffer | null;
  /** The same per block. */
  blocks: Buffer | null;
  /** The place of each point. */
  places: Buffer | null;
};

export type PackedValues = {
  minimum: number;
  maximum: number;
  first: number;
  last: number;
  /** Smallest, largest, first and last value per group. */
  groups: Buffer;
  /** The same per block. */
  blocks: Buffer;
  values: Buffer;
};

/** Summarises the places of a chunk. NaN stands for none. */
export function packPlaces(places: Float64Array): PackedPlaces {
  let count = 0;
  let minimum = Infinity;
  let maximum = -Infinity;
  let sorted: 0 | 1 = 1;
  const groups = new Float64Array(chunkGroups * placeFields);
  for (let group = 0; group < chunkGroups; group++) {
    let low = Infinity;
    let high = -Infinity;
    let missing = false;
    for (let index = group * groupPoints; index < (group + 1) * groupPoints; index++) {
      const place = places[index] ?? Number.NaN;
      if (Number.isNaN(place)) {
        missing = true;
        continue;
      }
      count++;
      if (place < Math.max(maximum, high)) sorted = 0;
      if (place < low) low = place;
      if (place > high) high = place;
    }
    if (low < minimum) minimum = low;
    if (high > maximum) maximum = high;
    groups[group * placeFields] = missing ? Number.NaN : low;
    groups[group * placeFields + 1] = missing ? Number.NaN : high;
  }
  if (count === 0)
    return {
      count,
      minimum: null,
      maximum: null,
      sorted,
      difference: null,
      groups: null,
      blocks: null,
      places: null,
    };
  const difference = progressionOf(places);
  return {
    count,
    minimum,
    maximum,
    sorted,
    difference,
    groups: difference === null ? packNumbers(groups) : null,
    blocks: difference === null ? packNumbers(joinGroups(groups, placeFields)) : null,
    places: difference === null ? packNumbers(places) : null,
  };
}

/** Joins the summaries of groups to those of blocks. NaN makes NaN. */
function joinGroups(groups: Float64Array, fields: number): Float64Array {
  const blocks = new Float64Array(chunkBlocks * fields);
  for (let block = 0; block < chunkBlocks; block++) {
    const start = block * blockGroups;
    const end = start + blockGroups;
    let minimum = Infinity;
    let maximum = -Infinity;
    for (let group = start; group < end; group++) {
      minimum = Math.min(minimum, groups[group * fields] ?? Number.NaN);
      maximum = Math.max(maximum, groups[group * fields + 1] ?? Number.NaN);
    }
    blocks[block * fields] = minimum;
    blocks[block * fields + 1] = maximum;
    if (fields < valueFields) continue;
    blocks[block * fields + 2] = groups[start * fields + 2] ?? Number.NaN;
    blocks[block * fields + 3] = groups[(end - 1) * fields + 3] ?? Number.NaN;
  }
  return blocks;
}

/** The first place of a progression, which only its ends were kept of. */
export function firstOfProgression(minimum: number, maximum: number, difference: number): number {
  return difference < 0 ? maximum : minimum;
}

/** Summarises the values of a chunk. */
export function packValues(values: Float64Array): PackedValues {
  const groups = new Float64Array(chunkGroups * valueFields);
  let minimum = Infinity;
  let maximum = -Infinity;
  for (let group = 0; group < chunkGroups; group++) {
    const start = group * groupPoints;
    const end = start + groupPoints;
    let low = Infinity;
    let high = -Infinity;
    for (let index = start; index < end; index++) {
      const value = values[index] ?? Number.NaN;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (low < minimum) minimum = low;
    if (high > maximum) maximum = high;
    groups[group * valueFields] = low;
    groups[group * valueFields + 1] = high;
    groups[group * valueFields + 2] = values[start] ?? Number.NaN;
    groups[group * valueFields + 3] = values[end - 1] ?? Number.NaN;
  }
  return {
    minimum,
    maximum,
    first: values[0] ?? Number.NaN,
    last: values[chunkPoints - 1] ?? Number.NaN,
    groups: packNumbers(groups),
    blocks: packNumbers(joinGroups(groups, valueFields)),
    values: packNumbers(values),
  };
}

/** Parallel lists of points; NaN for a step or time that is missing. */
export type Points = { steps: Float64Array; times: Float64Array; values: Float64Array };

/** Returns the function that adds a chunk to a series: `chunkPoints` points with finite values. */
export function createChunkInsert(db: Database) {
  const insertPoints = db.prepare<[Buffer, PackedColumn, PackedColumn]>(
    "INSERT INTO metric_chunk_points (numbers, steps, times) VALUES (?, ?, ?)",
  );
  const insertGroups = db.prepare<[number | bigint, Buffer, PackedColumn, PackedColumn]>(
    "INSERT INTO metric_chunk_groups (id, numbers, steps, times) VALUES (?, ?, ?, ?)",
  );
  const insertChunk = db.prepare(
    `INSERT INTO metric_chunk (series_id, position, id,
       step_points, step_minimum, step_maximum, step_sorted, step_difference,
       time_points, time_minimum, time_maximum, time_sorted, time_difference,
       minimum, maximum, first, last, blocks, step_blocks, time_blocks)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  return (seriesId: number, position: number, points: Points): void => {
    const step = packPlaces(points.steps);
    const time = packPlaces(points.times);
    const value = packValues(points.values);
    const id = insertPoints.run(value.values, step.places, time.places).lastInsertRowid;
    insertGroups.run(id, value.groups, step.groups, time.groups);
    insertChunk.run(
      seriesId,
      position,
      id,
      step.count,
      step.minimum,
      step.maximum,
      step.sorted,
      step.difference,
      time.count,
      time.minimum,
      time.maximum,
      time.sorted,
      time.difference,
      value.minimum,
      value.maximum,
      value.first,
      value.last,
      value.blocks,
      step.blocks,
      time.blocks,
    );
  };
}
