/**
 * A chart of one series of 10,000,000 points in 2,000 columns: the whole of it, and windows of
 * different widths at random places, from a connection that cannot write. Steps count up, times
 * are irregular. The catalog was just opened; each figure of a window is its first drawing.
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
const rounds = 9;
const perCommit = 50_000;

const { values: options } = parseArgs({
  options: { json: { type: "boolean" }, points: { type: "string", default: "10000000" } },
});
const total = Number(options.points);
const random = uniformGenerator(2018);

/** Fills a catalog and returns the time of the last point. */
function fill(folder: string): number {
  const store = openStore(folder);
  let time = 1.7e9;
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
  const times: Record<string, number[]> = {};
  const note = (key: string, window: MetricWindow) => (times[key] ??= []).push(draw(window));

  note("first", { axis: "step", from: null, to: null });
  for (let count = 0; count < windows; count++) {
    // From a thousandth of the series to all of it, as wide ones as narrow ones.
    const share = 10 ** (-3 * random());
    const start = random() * (1 - share);
    note("window", { axis: "step", from: start * total, to: (start + share) * total });
    const timeSpan = lastTime - 1.7e9;
    note("timeWindow", {
      axis: "time",
      from: 1.7e9 + start * timeSpan,
      to: 1.7e9 + (start + share) * timeSpan,
    });
  }
  for (let round = 0; round < rounds; round++) {
    note("whole", { axis: "step", from: null, to: null });
    note("wholeTime", { axis: "time", from: null, to: null });
  }
  db.close();
  const median = (key: string) => quantile(times[key] ?? [], 0.5);
  const most = (key: string) => Math.max(...(times[key] ?? []));
  const unit = "ms";
  const reach = "<= 20";
  report("chart", [
    { key: "whole_ms", value: median("whole"), unit, reach },
    { key: "whole_first_ms", value: most("first"), unit },
    { key: "window_ms_median", value: median("window"), unit, reach },
    { key: "window_ms_max", value: most("window"), unit, reach },
    { key: "whole_by_time_ms", value: median("wholeTime"), unit, reach },
    { key: "window_by_time_ms_median", value: median("timeWindow"), unit, reach },
    { key: "window_by_time_ms_max", value: most("timeWindow"), unit, reach },
    { key: "database_bytes", value: statSync(file).size, unit: "bytes" },
  ]);
} finally {
  rmSync(root, { recursive: true, force: true });
}
