/**
 * A chart of one series of 10,000,000 points in 2,000 columns: the whole of it, and windows of
 * different widths at random places, from a connection that cannot write. Steps count up, times
 * are irregular. Each chart is drawn several times and counts with its median, so that the figures
 * bear a busy machine; the very first drawing, with nothing in SQLite's cache, is told apart.
 *
 *     node tests/benchmarks/chart.ts [--json] [--points N]
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import Database from "better-sqlite3";
import { createMetricReader, type MetricWindow } from "../../core/catalog/metric-reader.ts";
import { append, openStore } from "../../core/catalog/testing/metric-series.ts";
import { uniformGenerator } from "../../core/domain/seed.ts";
import { quantile, report } from "../support/benchmark.ts";

const columns = 2000;
const windows = 20;
const rounds = 7;
const perCommit = 50_000;
const firstTime = 1.7e9;

const { values: options } = parseArgs({
  options: { json: { type: "boolean" }, points: { type: "string", default: "10000000" } },
});
const total = Number(options.points);
const random = uniformGenerator(2018);

/** Fills a catalog and returns the time of the last point. */
function fill(folder: string): number {
  const store = openStore(folder);
  let time = firstTime;
  for (let start = 0; start < total; start += perCommit) {
    const size = Math.min(perCommit, total - start);
    const points = Array.from({ length: size }, (_, index) => {
      time += random() / 100;
      return { step: start + index, time, value: Math.sin((start + index) / 1e5) + random() };
    });
    append(store, points);
  }
  store.close();
  return time;
}

const root = mkdtempSync(join(tmpdir(), "gauntlet-chart-"));
try {
  const lastTime = fill(root);
  const file = join(root, "catalog.sqlite");
  const db = new Database(file, { readonly: true });
  const reader = createMetricReader(db);
  const draw = (window: MetricWindow): number => {
    const start = performance.now();
    const chart = reader.chart(1, window, columns);
    const duration = performance.now() - start;
    if (chart.columns.length > columns || chart.points === 0) throw new Error("not a chart");
    return duration;
  };
  /** Mean processor time of each chart, ms: what a busy machine leaves to compare. */
  const coreTimes: number[] = [];
  /** Median of several drawings, ms. */
  const timeOf = (window: MetricWindow): number => {
    const before = process.threadCpuUsage();
    const times = Array.from({ length: rounds }, () => draw(window));
    const { user, system } = process.threadCpuUsage(before);
    coreTimes.push((user + system) / 1000 / rounds);
    return quantile(times, 0.5);
  };

  const first = draw({ axis: "step", from: null, to: null });
  const whole = timeOf({ axis: "step", from: null, to: null });
  const wholeByTime = timeOf({ axis: "time", from: null, to: null });
  const byStep: number[] = [];
  const byTime: number[] = [];
  for (let count = 0; count < windows; count++) {
    // From a thousandth of the series to all of it, as many narrow ones as wide ones.
    const share = 10 ** (-3 * random());
    const start = random() * (1 - share);
    byStep.push(timeOf({ axis: "step", from: start * total, to: (start + share) * total }));
    const from = firstTime + start * (lastTime - firstTime);
    const to = firstTime + (start + share) * (lastTime - firstTime);
    byTime.push(timeOf({ axis: "time", from, to }));
  }
  db.close();
  const unit = "ms";
  const reach = "<= 20";
  report("chart", [
    { key: "whole_ms", value: whole, unit, reach },
    { key: "whole_first_ms", value: first, unit },
    { key: "window_ms_median", value: quantile(byStep, 0.5), unit, reach },
    { key: "window_ms_max", value: Math.max(...byStep), unit, reach },
    { key: "whole_by_time_ms", value: wholeByTime, unit, reach },
    { key: "window_by_time_ms_median", value: quantile(byTime, 0.5), unit, reach },
    { key: "window_by_time_ms_max", value: Math.max(...byTime), unit, reach },
    { key: "core_ms_median", value: quantile(coreTimes, 0.5), unit, reach },
    { key: "core_ms_max", value: Math.max(...coreTimes), unit, reach },
    { key: "database_bytes", value: statSync(file).size, unit: "bytes" },
  ]);
} finally {
  rmSync(root, { recursive: true, force: true });
}
