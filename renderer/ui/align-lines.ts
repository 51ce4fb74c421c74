/** Lines with points at places of their own, laid over the same places, as a chart draws them. */

/** Places, rising, with a value each. */
export type Line = { x: readonly number[]; y: readonly number[] };

/** Lines over the same places: `x` rising, of each line a value, or undefined where it has none. */
export type AlignedLines = { x: number[]; y: (number | undefined)[][] };

/** Within a column a line is at most its first, lowest, highest and last value. */
const pointsPerColumn = 4;

/**
 * Lays lines over the same places, of which there are at most `4 * columns`: their own where there
 * are no more, else those of `columns` columns of one width. What is left out of a column lies
 * between what is kept, so that the picture at one column a pixel is the same.
 */
export function alignLines(lines: readonly Line[], columns: number): AlignedLines {
  const own = placesOf(lines, pointsPerColumn * columns);
  return own ? byPlaces(lines, own) : byColumns(lines, columns);
}

/** The places of all points, rising, or null where they are more than `most`. */
function placesOf(lines: readonly Line[], most: number): number[] | null {
  const places = new Set<number>();
  for (const { x } of lines)
    for (const place of x) {
      places.add(place);
      if (places.size > most) return null;
    }
  return [...places].sort((a, b) => a - b);
}

function byPlaces(lines: readonly Line[], x: number[]): AlignedLines {
  const at = new Map(x.map((place, index) => [place, index]));
  const y = lines.map((line) => {
    const values = Array.from<number | undefined>({ length: x.length });
    line.x.forEach((place, index) => (values[at.get(place) ?? -1] = line.y[index]));
    return values;
  });
  return { x, y };
}

function byColumns(lines: readonly Line[], columns: number): AlignedLines {
  let from = Infinity;
  let to = -Infinity;
  for (const { x } of lines)
    for (const place of x) {
      from = Math.min(from, place);
      to = Math.max(to, place);
    }
  const length = pointsPerColumn * columns;
  const width = (to - from) / length;
  const x = Array.from({ length }, (_, index) => from + (index + 0.5) * width);
  return { x, y: lines.map((line) => columnValues(line, from, width, length)) };
}

/** A line's value at each place; of a column's points its first, lowest, highest and last. */
function columnValues(
  { x, y }: Line,
  from: number,
  width: number,
  length: number,
): (number | undefined)[] {
  const values = Array.from<number | undefined>({ length });
  const placeOf = (index: number) =>
    Math.min(length - 1, Math.max(0, Math.floor(((x[index] ?? from) - from) / width)));
  const columnOf = (index: number) => Math.floor(placeOf(index) / pointsPerColumn);
  for (let start = 0; start < x.length;) {
    const column = columnOf(start);
    let end = start;
    let lowest = Infinity;
    let highest = -Infinity;
    for (; end < x.length && columnOf(end) === column; end++) {
      const value = y[end] ?? Number.NaN;
      if (value < lowest) lowest = value;
      if (value > highest) highest = value;
    }
    const at = column * pointsPerColumn;
    if (end - start <= pointsPerColumn)
      // Few points are kept, each near its place, in their order.
      for (let index = start, least = at; index < end; index++) {
        const place = Math.max(
          least,
          Math.min(placeOf(index), at + pointsPerColumn - (end - index)),
        );
        values[place] = y[index];
        least = place + 1;
      }
    else {
      values[at] = y[start];
      values[at + 3] = y[end - 1];
      // Nothing but what cannot be drawn has neither.
      if (lowest <= highest) [values[at + 1], values[at + 2]] = [lowest, highest];
    }
    start = end;
  }
  return values;
}
