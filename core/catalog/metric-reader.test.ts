import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { uniformGenerator } from "../domain/seed.ts";
import type { Axis } from "./metric-axis.ts";
import type { Chart } from "./metric-chart.ts";
import { createMetricReader, type MetricReader, type MetricWindow } from "./metric-reader.ts";
import { append, openStore, type Point } from "./testing/metric-series.ts";

const axes = ["step", "time", "position"] as const;
const seriesId = 1;

function placeOf({ step, time }: Point, position: number, axis: Axis): number | null {
  return { step, time, position }[axis];
}

/** Positions of the points that are in a window. */
function inWindow(points: readonly Point[], { axis, from, to }: MetricWindow): number[] {
  return [...points.keys()].filter((position) => {
    const point = points[position];
    const place = point ? placeOf(point, position, axis) : null;
    return place !== null && place >= (from ?? -Infinity) && place <= (to ?? Infinity);
  });
}

/** What is wrong with a chart, by a look at every point that a column says it holds. */
function mistakesIn(
  chart: Chart,
  points: readonly Point[],
  window: MetricWindow,
  limit: number,
): string[] {
  const { columns } = chart;
  const mistakes: string[] = [];
  const compare = (what: string, got: unknown, right: unknown) => {
    if (got !== right) mistakes.push(`${what} is ${String(got)} instead of ${String(right)}`);
  };
  const positions = inWindow(points, window);
  compare("points", chart.points, positions.length);
  compare("columns within the limit", columns.length <= limit, true);
  compare("raw", chart.raw, positions.length <= limit);
  let start = 0;
  let sorted = true;
  for (let column = 0; column < columns.length; column++) {
    const count = columns.count[column] ?? NaN;
    const held = positions.slice(start, start + count);
    const values = held.map((position) => points[position]?.value ?? NaN);
    const places = held.map((position) => {
      const point = points[position];
      return (point && placeOf(point, position, window.axis)) ?? NaN;
    });
    const right = {
      position: held[0],
      count: held.length,
      from: Math.min(...places),
      to: Math.max(...places),
      minimum: Math.min(...values),
      maximum: Math.max(...values),
      first: values[0],
      last: values.at(-1),
    };
    for (const [what, number] of Object.entries(right))
      compare(`${what} of column ${column}`, columns[what as keyof typeof right][column], number);
    if (column > 0 && right.from < (columns.to[column - 1] ?? NaN)) sorted = false;
    start += count;
  }
  compare("points in columns", start, positions.length);
  compare("sorted", chart.sorted, sorted);
  const { axis, from, to } = window;
  return mistakes.map((mistake) => `${axis} ${from} to ${to} in ${limit}: ${mistake}`);
}

/** Series of every kind, by the step of point `index`; `random` is uniform in [0, 1). */
const kinds: Record<string, (index: number, random: () => number) => number | null> = {
  "counted steps": (index) => index,
  "every tenth step, downwards": (index) => 1e6 - 10 * index,
  "sorted steps with gaps": (() => {
    let step = 0;
    return (_, random) => (step += Math.floor(random() * 3));
  })(),
  "long rests between bursts": (index) => index + 1e6 * Math.floor(index / 1500),
  "the same step throughout": () => 7,
  "steps that start again": (index) => index % 5000,
  "steps in no order": (_, random) => Math.floor(random() * 2000) - 1000,
  "some steps missing": (index, random) => (random() < 0.1 ? null : index),
  "steps missing at first": (index) => (index < 6000 ? null : index),
  "no steps": () => null,
  "steps as far apart as numbers are": (index) => (index % 2 === 0 ? -1.7e308 : 1.7e308),
};

function seriesOf(kind: string, length: number): Point[] {
  const random = uniformGenerator(length);
  const step = kinds[kind];
  let time = 1.7e9;
  return Array.from({ length }, (_, index) => {
    time += random();
    return { step: step?.(index, random) ?? null, time, value: random() * 100 - 50 };
  });
}

/** Appends in batches of one point up to thousands. */
function appendInBatches(store: ReturnType<typeof openStore>, points: readonly Point[]): void {
  const random = uniformGenerator(points.length);
  for (let start = 0; start < points.length;) {
    const size = Math.ceil(10 ** (random() * 3.7));
    append(store, points.slice(start, start + size));
    start += size;
  }
}

/** Draws many windows of series 1 and says what is wrong with the charts, and how many there are. */
function checkCharts(reader: MetricReader, points: readonly Point[], limits: readonly number[]) {
  const random = uniformGenerator(points.length);
  const mistakes: string[] = [];
  let charts = 0;
  for (const axis of axes) {
    const places = points.map((point, position) => placeOf(point, position, axis));
    const known = places.filter((place) => place !== null);
    const pick = () => known[Math.floor(random() * known.length)] ?? 0;
    const windows: MetricWindow[] = [{ axis, from: null, to: null }];
    for (let count = 0; count < 4; count++) {
      const from = pick();
      // Wide ones, and ones of a few points; some bounds between points.
      const to = count % 2 === 0 ? pick() : from + random() * 300;
      windows.push({ axis, from: Math.min(from, to), to: Math.max(from, to) });
    }
    windows.push({ axis, from: pick(), to: null }, { axis, from: null, to: pick() });
    windows.push({ axis, from: 1e9, to: -1e9 });
    for (const window of windows)
      for (const columns of limits) {
        const chart = reader.chart(seriesId, window, columns);
        mistakes.push(...mistakesIn(chart, points, window, columns));
        charts++;
      }
  }
  return { charts, mistakes };
}

describe("a chart has exact columns", () => {
  test.each(Object.keys(kinds))("of a series with %s", (kind) => {
    const folder = temporaryFolder();
    const points = seriesOf(kind, 13_000);
    const store = openStore(folder);
    appendInBatches(store, points);
    const checked = checkCharts(store.reader, points, [1, 2, 7, 50, 3000]);
    expect(checked).toEqual({ charts: 120, mistakes: [] });
    store.close();
  });

  test.each(["counted steps", "sorted steps with gaps", "steps in no order", "some steps missing"])(
    "made of whole chunks, of a long series with %s",
    (kind) => {
      const points = seriesOf(kind, 80_000);
      const store = openStore(temporaryFolder());
      appendInBatches(store, points);
      const checked = checkCharts(store.reader, points, [1, 2]);
      expect(checked).toEqual({ charts: 48, mistakes: [] });
      store.close();
    },
  );

  test("from a connection that cannot write, after the catalog was closed and opened", () => {
    const folder = temporaryFolder();
    const points = seriesOf("sorted steps with gaps", 9000);
    let store = openStore(folder);
    appendInBatches(store, points.slice(0, 5000));
    store.close();
    store = openStore(folder);
    appendInBatches(store, points.slice(5000));
    const db = new Database(join(folder, "catalog.sqlite"), { readonly: true });
    const checked = checkCharts(createMetricReader(db), points, [3, 40]);
    expect(checked).toEqual({ charts: 48, mistakes: [] });
    db.close();
    store.close();
  });

  test("around the ends of groups and chunks", () => {
    const store = openStore(temporaryFolder());
    const points = seriesOf("counted steps", 8300);
    append(store, points.slice(0, 8200));
    append(store, points.slice(8200));
    for (const edge of [0, 63, 64, 4095, 4096, 8191, 8192, 8199, 8200, 8299])
      for (const width of [0, 1, 64, 4096])
        for (const axis of ["step", "position"] as const) {
          const window = { axis, from: edge - width, to: edge + width };
          for (const columns of [1, 10, 200]) {
            const chart = store.reader.chart(seriesId, window, columns);
            expect(mistakesIn(chart, points, window, columns)).toEqual([]);
          }
        }
    store.close();
  });
});

test("columns of a sorted series are as wide as a pixel, not as many points long", () => {
  const store = openStore(temporaryFolder());
  // Every step at first, then every 10,000th: a tenth of the points on nearly all of the axis.
  const points = Array.from({ length: 100_000 }, (_, index) => ({
    step: index < 90_000 ? index : 90_000 + (index - 90_000) * 1000,
    time: null,
    value: index,
  }));
  append(store, points);
  const { columns } = store.reader.chart(seriesId, { axis: "step", from: null, to: null }, 100);
  const width = 10_090_000 / 100;
  expect(columns.length).toBeGreaterThan(95);
  for (let column = 0; column < columns.length; column++)
    expect((columns.to[column] ?? NaN) - (columns.from[column] ?? NaN)).toBeLessThan(2 * width);
  store.close();
});

test("a series that is not there has no points", () => {
  const { reader, close } = openStore(temporaryFolder());
  const window = { axis: "step", from: null, to: null } as const;
  expect(reader.chart(99, window, 10)).toMatchObject({ points: 0, columns: { length: 0 } });
  expect(reader.points(99, window, 0, 10)).toMatchObject({ next: null });
  expect(() => reader.chart(99, window, 0)).toThrow(RangeError);
  expect(() => reader.points(99, window, 0, 0)).toThrow(RangeError);
  close();
});

describe("pages of points", () => {
  test.each(Object.keys(kinds))("give back every point of a series with %s", (kind) => {
    const store = openStore(temporaryFolder());
    const points = seriesOf(kind, 10_000);
    appendInBatches(store, points);
    for (const axis of axes) {
      const middle = points[4000];
      const from = middle ? placeOf(middle, 4000, axis) : null;
      const window = { axis, from, to: null };
      const read: { position: number; point: Point }[] = [];
      const orNull = (number = NaN) => (Number.isNaN(number) ? null : number);
      for (let next: number | null = 0; next !== null;) {
        const page = store.reader.points(seriesId, window, next, 999);
        expect(page.positions.length).toBeLessThanOrEqual(999);
        for (const [index, position] of page.positions.entries())
          read.push({
            position,
            point: {
              step: orNull(page.steps[index]),
              time: orNull(page.times[index]),
              value: page.values[index] ?? NaN,
            },
          });
        next = page.next;
      }
      const expected = inWindow(points, window);
      expect(read.map(({ position }) => position)).toEqual(expected);
      expect(read.map(({ point }) => point)).toEqual(expected.map((position) => points[position]));
    }
    store.close();
  });

  test("show what came since a position", () => {
    const store = openStore(temporaryFolder());
    const points = seriesOf("counted steps", 10_000);
    const window = { axis: "position", from: null, to: null } as const;
    let known = 0;
    for (const size of [1, 10, 4080, 5, 3000, 2904]) {
      append(store, points.slice(known, known + size));
      const { positions, next } = store.reader.points(seriesId, window, known, 10_000);
      expect([positions[0], positions.length, next]).toEqual([known, size, null]);
      known += size;
      expect(store.reader.points(seriesId, window, known, 10).positions).toHaveLength(0);
    }
    expect(known).toBe(points.length);
    store.close();
  });
});
