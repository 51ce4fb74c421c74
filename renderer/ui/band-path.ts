/** How a line is drawn that has many points for each pixel: as the band that it covers. */
import uPlot from "uplot";

/** Points a pixel from which a line is drawn as a band. */
const dense = 2;

/**
 * Of one pixel's column: its middle, and the lowest and highest value there, among which is the
 * last one of the column before: the line comes from there.
 */
export type BandColumn = { x: number; low: number; high: number };

/**
 * The values at `from` to `to`, by columns of one pixel, in stretches without a gap. What is
 * undefined belongs to other lines over the same places; what is no number is a gap.
 * @param placeOf the pixel of a value on the horizontal axis, rising
 */
export function bandOf(
  x: ArrayLike<number>,
  y: ArrayLike<number | null | undefined>,
  from: number,
  to: number,
  placeOf: (value: number) => number,
): BandColumn[][] {
  const stretches: BandColumn[][] = [];
  let stretch: BandColumn[] | null = null;
  let column = null as BandColumn | null;
  let last = 0;
  for (let index = from; index <= to; index++) {
    const value = y[index];
    if (value === undefined || value === null) continue;
    if (Number.isNaN(value)) {
      stretch = column = null;
      continue;
    }
    const middle = Math.floor(placeOf(x[index] ?? 0)) + 0.5;
    if (column === null || column.x !== middle) {
      const before: number = column === null ? value : last;
      column = { x: middle, low: Math.min(before, value), high: Math.max(before, value) };
      if (stretch) stretch.push(column);
      else stretches.push((stretch = [column]));
    } else {
      column.low = Math.min(column.low, value);
      column.high = Math.max(column.high, value);
    }
    last = value;
  }
  return stretches;
}

/**
 * Draws lines as uPlot does where they have few points, and dense ones as a filled band: stroking
 * a line that goes up and down within each pixel costs several times as much, and looks the same.
 */
export function createLinePath(lineWidth: number): uPlot.Series.PathBuilder {
  const linear = uPlot.paths.linear?.();
  return (self, series, from, to) => {
    const [x, y] = [self.data[0], self.data[series]];
    const { left, width } = self.bbox;
    const { min = 0, max = 1 } = self.scales["x"] ?? {};
    const perValue = width / (max - min);
    // It may end before the chart does, as while it is moved and its data are on their way.
    const length = Math.min(width, ((x[to] ?? 0) - (x[from] ?? 0)) * perValue);
    if (!y || countOf(y, from, to) <= dense * length) {
      const line = linear?.(self, series, from, to);
      // The colour to fill with is for the band alone.
      return line ? { ...line, fill: null } : null;
    }
    const half = (lineWidth * uPlot.pxRatio) / 2;
    const path = new Path2D();
    const placeOf = (value: number) => left + (value - min) * perValue;
    for (const stretch of bandOf(x, y, from, to, placeOf)) {
      for (const { x: middle, high } of stretch)
        path.lineTo(middle, self.valToPos(high, "y", true) - half);
      for (const { x: middle, low } of stretch.reverse())
        path.lineTo(middle, self.valToPos(low, "y", true) + half);
      path.closePath();
    }
    return { fill: path, stroke: null };
  };
}

function countOf(y: ArrayLike<number | null | undefined>, from: number, to: number): number {
  let count = 0;
  for (let index = from; index <= to; index++)
    if (y[index] !== undefined && y[index] !== null) count++;
  return count;
}
