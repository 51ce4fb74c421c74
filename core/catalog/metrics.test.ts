import { expect, test } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { append, batchOf, openStore } from "./testing/metric-series.ts";

const point = (name: string, value: number, step: number | null = null) => ({
  name,
  step,
  time: null,
  value,
});

const rows = (db: ReturnType<typeof openStore>["db"], table: string) =>
  db.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get() ?? NaN;

test("points, summaries, bad lines and the read position are committed together", () => {
  const { db, close, metrics } = openStore(temporaryFolder());
  const batch = batchOf([point("loss", 3, 0), point("accuracy", 0.1, 0), point("loss", 1, 1)], 2);
  metrics.append(1, batch, { offset: 100, skipping: false });
  metrics.append(1, batchOf([point("loss", 2, 2)]), { offset: 150, skipping: true });
  expect(
    db
      .prepare("SELECT name, points, last, minimum, maximum FROM metric_series ORDER BY name")
      .all(),
  ).toEqual([
    { name: "accuracy", points: 1, last: 0.1, minimum: 0.1, maximum: 0.1 },
    { name: "loss", points: 3, last: 2, minimum: 1, maximum: 3 },
  ]);
  expect(db.prepare("SELECT bad_lines FROM attempt").get()).toEqual({ bad_lines: 2 });
  expect(metrics.position(1, "out/metrics.jsonl")).toEqual({ offset: 150, skipping: true });
  expect(metrics.position(1, "resources.jsonl")).toEqual({ offset: 0, skipping: false });
  close();
});

test("samples of before GPUs told their temperature and power are read with nulls", () => {
  const { db, close, metrics } = openStore(temporaryFolder());
  const rest = { cpuSeconds: 1, memory: 2, readBytes: 3, writtenBytes: 4, diskFree: 5 };
  const gpu = { index: 1, utilisation: 87, memory: 6, temperature: 61, power: 301.5 };
  const sample = { time: 1000, ...rest, gpus: [gpu] };
  metrics.appendResources(1, [sample, { ...sample, time: 2000 }], { offset: 9, skipping: false });
  db.prepare("UPDATE resource_sample SET gpus_json = ? WHERE time = 1000").run(
    '[{"index":1,"utilisation":87,"memory":6}]',
  );
  expect(metrics.resources(1, 10)).toEqual([
    { ...sample, gpus: [{ ...gpu, temperature: null, power: null }] },
    { ...sample, time: 2000 },
  ]);
  expect(metrics.position(1, "resources.jsonl")).toEqual({ offset: 9, skipping: false });
  close();
});

test("a point that cannot be kept takes its whole chunk and the position back", () => {
  const { db, close, metrics } = openStore(temporaryFolder());
  const broken = batchOf([point("loss", 1), point("loss", Number.NaN)]);
  expect(() => metrics.append(1, broken, { offset: 10, skipping: false })).toThrow(/not finite/);
  expect([rows(db, "metric_tail"), rows(db, "metric_chunk")]).toEqual([0, 0]);
  expect(db.prepare("SELECT count(*) AS n FROM metric_series").get()).toEqual({ n: 0 });
  expect(metrics.position(1, "out/metrics.jsonl").offset).toBe(0);
  close();
});

test("points that come one at a time are packed into few rows", () => {
  const store = openStore(temporaryFolder());
  const { db, close } = store;
  let most = 0;
  for (let step = 0; step < 4500; step++) {
    append(store, [{ step, time: null, value: step }]);
    most = Math.max(most, rows(db, "metric_tail"));
  }
  expect(most).toBe(64);
  expect(rows(db, "metric_chunk")).toBe(1);
  // The rest of the packed tail is none, so rows of 64 follow.
  expect(rows(db, "metric_tail")).toBe(Math.ceil((4500 - 4096) / 64));
  close();
});

test("series that fill up together are packed a share at a time, and can be read all along", () => {
  const { db, close, metrics, reader } = openStore(temporaryFolder());
  const series = 40;
  for (let commit = 0; commit < 41; commit++) {
    const batch = batchOf(
      Array.from({ length: series * 100 }, (_, index) =>
        point(`metric ${index % series}`, index, commit * 100 + Math.floor(index / series)),
      ),
    );
    metrics.append(1, batch, { offset: commit, skipping: false });
  }
  expect(rows(db, "metric_chunk")).toBe(0);
  const window = { axis: "position", from: null, to: null } as const;
  const ids = db.prepare<[], number>("SELECT id FROM metric_series").pluck().all();
  expect(ids).toHaveLength(series);
  for (const [chunks, isMore] of [
    [16, true],
    [32, true],
    [40, false],
    [40, false],
  ]) {
    expect(metrics.pack(1)).toBe(isMore);
    expect(rows(db, "metric_chunk")).toBe(chunks);
    for (const id of ids) {
      const { positions, steps, next } = reader.points(id, window, 0, 1e6);
      expect([next, steps.length]).toEqual([null, 4100]);
      expect(steps).toEqual(positions);
    }
  }
  close();
});

test("deleting the job takes its points along", () => {
  const store = openStore(temporaryFolder());
  append(
    store,
    Array.from({ length: 5000 }, (_, step) => ({ step, time: null, value: step })),
  );
  const { db, close } = store;
  const tables = ["metric_chunk", "metric_chunk_groups", "metric_chunk_points", "metric_tail"];
  expect(tables.map((table) => rows(db, table))).toEqual([1, 1, 1, 1]);
  db.exec("DELETE FROM job");
  expect(tables.map((table) => rows(db, table))).toEqual([0, 0, 0, 0]);
  close();
});
