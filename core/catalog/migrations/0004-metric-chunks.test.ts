import { expect, test } from "vitest";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { migrations } from "../migrate.ts";
import { createMetricReader } from "../metric-reader.ts";
import { openCatalog } from "../open.ts";
import { append, openStore } from "../testing/metric-series.ts";

/** Points of the old layout: no step at some, no time at most. */
const old = Array.from({ length: 9000 }, (_, index) => ({
  step: index % 100 === 7 ? null : index,
  time: index < 10 ? 1.7e9 + index : null,
  value: Math.sin(index),
}));

test("every point of a catalog with a row per point is found again, and more can follow", () => {
  const folder = temporaryFolder();
  const before = openCatalog(folder, migrations.slice(0, 1));
  before.db
    .exec(`INSERT INTO job (id, stage, runner, state, cpus, gpus, retries, spec_json, created_at)
    VALUES ('job', 'train', 'process', 'running', 1, 0, 0, '{}', 0);
    INSERT INTO attempt (id, job_id, number, folder, gpus_json, command_json, state, created_at)
    VALUES (1, 'job', 1, '/x', '[]', '[]', 'running', 0);
    INSERT INTO metric_series (id, attempt_id, name, points, last, minimum, maximum)
    VALUES (1, 1, 'loss', 9000, 0, -1, 1), (2, 1, 'short', 2, 5, 4, 5);
    INSERT INTO metric_point VALUES (2, 0, 0, NULL, 4), (2, 1, 1, NULL, 5);`);
  const insert = before.db.prepare("INSERT INTO metric_point VALUES (1, ?, ?, ?, ?)");
  before.db.transaction(() => {
    for (const [position, { step, time, value }] of old.entries())
      insert.run(position, step, time, value);
  })();
  before.close();

  openCatalog(folder).close();
  const store = openStore(folder);
  const more = [{ step: 9000, time: null, value: 3 }];
  append(store, more);
  const page = createMetricReader(store.db).points(
    1,
    { axis: "position", from: null, to: null },
    0,
    10_000,
  );
  const points = [...old, ...more];
  expect(Array.from(page.values)).toEqual(points.map(({ value }) => value));
  expect(Array.from(page.steps)).toEqual(points.map(({ step }) => step ?? NaN));
  expect(Array.from(page.times)).toEqual(points.map(({ time }) => time ?? NaN));
  expect(store.db.prepare("SELECT * FROM metric_series ORDER BY id").all()).toMatchObject([
    { name: "loss", points: 9001, steps: 8911, times: 10, chunked: 8192, last: 3, maximum: 3 },
    { name: "short", points: 2, steps: 2, times: 0, chunked: 0, last: 5 },
  ]);
  expect(
    store.db.prepare("SELECT name FROM sqlite_schema WHERE name = 'metric_point'").all(),
  ).toEqual([]);
  store.close();
});

test("a catalog whose points have a gap is left as it was", () => {
  const folder = temporaryFolder();
  const before = openCatalog(folder, migrations.slice(0, 3));
  before.db.pragma("foreign_keys = OFF");
  before.db.exec(`INSERT INTO metric_series (id, attempt_id, name, points) VALUES (1, 1, 'loss', 3);
    INSERT INTO metric_point VALUES (1, 0, 0, NULL, 4), (1, 2, 1, NULL, 5);`);
  before.close();
  expect(() => openCatalog(folder)).toThrow(
    expect.objectContaining({ code: "MIGRATION_FAILED", message: expect.stringMatching(/gap/) }),
  );
  const after = openCatalog(folder, migrations.slice(0, 3));
  expect(after.db.prepare("SELECT count(*) AS n FROM metric_point").get()).toEqual({ n: 2 });
  after.close();
});
