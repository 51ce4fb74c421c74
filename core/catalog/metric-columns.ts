/**
 * Columns of a chart: runs of points with what a chart draws of them. Points arrive one by one or,
 * where a summary says enough, a whole group at a time.
 */

/** Parallel lists, one entry per column, in the order of the points. */
export type ChartColumns = {
  /** Columns in use; the lists are as long. */
  length: number;
  /** Position in the series of the column's first point, and how many points it holds. */
  position: Float64Array;
  count: Float64Array;
  /** Smallest and largest place on the axis of its points. */
  from: Float64Array;
  to: Float64Array;
  /** Of its points' values; first and last in the order of the series. */
  minimum: Float64Array;
  maximum: Float64Array;
  first: Float64Array;
  last: Float64Array;
};

/** Some points as a whole. */
export type Group = {
  position: number;
  count: number;
  from: number;
  to: number;
  minimum: number;
  maximum: number;
  first: number;
  last: number;
};

export type ColumnBuilder = {
  /** Adds those of the points from index `start` up to `end` whose place is in the window. */
  addPoints(
    position: number,
    places: Float64Array,
    values: Float64Array,
    start: number,
    end: number,
  ): void;
  addGroup(group: Group): void;
  /** What was added, in at most as many columns as asked; of points alone if they are no more. */
  finish(): { columns: ChartColumns; points: number; raw: boolean };
};

function createColumns(capacity: number): ChartColumns {
  const list = () => new Float64Array(capacity);
  return {
    length: 0,
    position: list(),
    count: list(),
    from: list(),
    to: list(),
    minimum: list(),
    maximum: list(),
    first: list(),
    last: list(),
  };
}

/** Without the capacity that is not in use. */
function trim(columns: ChartColumns): ChartColumns {
  const { length } = columns;
  return {
    length,
    position: columns.position.slice(0, length),
    count: columns.count.slice(0, length),
    from: columns.from.slice(0, length),
    to: columns.to.slice(0, length),
    minimum: columns.minimum.slice(0, length),
    maximum: columns.maximum.slice(0, length),
    first: columns.first.slice(0, length),
    last: columns.last.slice(0, length),
  };
}

function pushPoint(columns: ChartColumns, position: number, x: number, value: number): void {
  const at = columns.length++;
  columns.position[at] = position;
  columns.count[at] = 1;
  columns.from[at] = x;
  columns.to[at] = x;
  columns.minimum[at] = value;
  columns.maximum[at] = value;
  columns.first[at] = value;
  columns.last[at] = value;
}

function pushGroup(columns: ChartColumns, group: Group): void {
  const at = columns.length++;
  columns.position[at] = group.position;
  columns.count[at] = group.count;
  columns.from[at] = group.from;
  columns.to[at] = group.to;
  columns.minimum[at] = group.minimum;
  columns.maximum[at] = group.maximum;
  columns.first[at] = group.first;
  columns.last[at] = group.last;
}

function joinPoint(columns: ChartColumns, x: number, value: number): void {
  const at = columns.length - 1;
  columns.count[at] = (columns.count[at] ?? 0) + 1;
  if (x < (columns.from[at] ?? x)) columns.from[at] = x;
  if (x > (columns.to[at] ?? x)) columns.to[at] = x;
  if (value < (columns.minimum[at] ?? value)) columns.minimum[at] = value;
  if (value > (columns.maximum[at] ?? value)) columns.maximum[at] = value;
  columns.last[at] = value;
}

function joinGroup(columns: ChartColumns, group: Group): void {
  const at = columns.length - 1;
  columns.count[at] = (columns.count[at] ?? 0) + group.count;
  columns.from[at] = Math.min(columns.from[at] ?? Infinity, group.from);
  columns.to[at] = Math.max(columns.to[at] ?? -Infinity, group.to);
  columns.minimum[at] = Math.min(columns.minimum[at] ?? Infinity, group.minimum);
  columns.maximum[at] = Math.max(columns.maximum[at] ?? -Infinity, group.maximum);
  columns.last[at] = group.last;
}

function groupAt(columns: ChartColumns, at: number): Group {
  return {
    position: columns.position[at] ?? 0,
    count: columns.count[at] ?? 0,
    from: columns.from[at] ?? Number.NaN,
    to: columns.to[at] ?? Number.NaN,
    minimum: columns.minimum[at] ?? Number.NaN,
    maximum: columns.maximum[at] ?? Number.NaN,
    first: columns.first[at] ?? Number.NaN,
    last: columns.last[at] ?? Number.NaN,
  };
}

/**
 * For points in the order of the axis: the axis from `from` to `to` is cut into `limit` parts of
 * the same width, and what begins in a part makes a column, so that a column is a pixel's.
 */
export function columnsByPlace(limit: number, from: number, to: number): ColumnBuilder {
  const columns = createColumns(limit);
  /** The points themselves, as long as they are no more than columns. */
  const points = createColumns(limit);
  // Halves, since the difference of two numbers may be too large for one.
  const half = from / 2;
  const scale = to > from ? limit / (to / 2 - half) : 0;
  let part = -1;
  let total = 0;
  let raw = true;
  return {
    addPoints(position, places, values, start, end) {
      // The inner loop of charts: what changes with each point stays in variables.
      let current = part;
      let count = 0;
      let high = Number.NaN;
      let minimum = Number.NaN;
      let maximum = Number.NaN;
      let last = Number.NaN;
      for (let index = start; index < end; index++) {
        const place = places[index] ?? Number.NaN;
        if (!(place >= from && place <= to)) continue; // never in it: NaN
        const value = values[index] ?? Number.NaN;
        if (total < limit) pushPoint(points, position + index, place, value);
        total++;
        const its = Math.min(limit - 1, Math.trunc((place / 2 - half) * scale));
        if (its === current && count > 0) {
          count++;
          high = place;
          if (value < minimum) minimum = value;
          if (value > maximum) maximum = value;
          last = value;
          continue;
        }
        if (count > 0) joinRun(columns, count, high, minimum, maximum, last);
        count = 0;
        if (its !== current) {
          current = its;
          pushPoint(columns, position + index, place, value);
          continue;
        }
        count = 1;
        high = place;
        minimum = value;
        maximum = value;
        last = value;
      }
      if (count > 0) joinRun(columns, count, high, minimum, maximum, last);
      part = current;
    },
    addGroup(group) {
      total += group.count;
      raw = false;
      const its = Math.min(limit - 1, Math.trunc((group.from / 2 - half) * scale));
      if (its === part) {
        joinGroup(columns, group);
        return;
      }
      part = its;
      pushGroup(columns, group);
    },
    finish() {
      const isRaw = raw && total <= limit;
      return { columns: trim(isRaw ? points : columns), points: total, raw: isRaw };
    },
  };
}

/** Adds points that follow in the order of the axis to the last column. */
function joinRun(
  columns: ChartColumns,
  count: number,
  to: number,
  minimum: number,
  maximum: number,
  last: number,
): void {
  const at = columns.length - 1;
  columns.count[at] = (columns.count[at] ?? 0) + count;
  columns.to[at] = Math.max(columns.to[at] ?? -Infinity, to);
  columns.minimum[at] = Math.min(columns.minimum[at] ?? Infinity, minimum);
  columns.maximum[at] = Math.max(columns.maximum[at] ?? -Infinity, maximum);
  columns.last[at] = last;
}

/**
 * For points in any order: columns of about the same number of points that follow each other in
 * the series. Starts with a point each and joins neighbours whenever there are too many columns.
 */
export function columnsByCount(limit: number, from: number, to: number): ColumnBuilder {
  const columns = createColumns(limit);
  /** A column that holds as many points is full. */
  let full = 1;
  let total = 0;
  let raw = true;

  /** Whether what comes next belongs to the last column; joins columns when there is no other. */
  function joinsLast(): boolean {
    if (columns.length === 0) return false;
    if ((columns.count[columns.length - 1] ?? 0) < full) return true;
    while (columns.length === limit) {
      full *= 2;
      raw = false;
      if (limit > 1) halve();
      if ((columns.count[columns.length - 1] ?? 0) < full) return true;
    }
    return false;
  }

  function halve(): void {
    const { length } = columns;
    columns.length = 0;
    for (let at = 0; at < length; at += 2) {
      pushGroup(columns, groupAt(columns, at));
      if (at + 1 < length) joinGroup(columns, groupAt(columns, at + 1));
    }
  }

  return {
    addPoints(position, places, values, start, end) {
      for (let index = start; index < end; index++) {
        const place = places[index] ?? Number.NaN;
        if (!(place >= from && place <= to)) continue; // never in it: NaN
        const value = values[index] ?? Number.NaN;
        total++;
        if (joinsLast()) joinPoint(columns, place, value);
        else pushPoint(columns, position + index, place, value);
      }
    },
    addGroup(group) {
      total += group.count;
      raw = false;
      if (joinsLast()) joinGroup(columns, group);
      else pushGroup(columns, group);
    },
    finish: () => ({ columns: trim(columns), points: total, raw }),
  };
}
