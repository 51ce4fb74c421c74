import { expect, test } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { openCatalog } from "./open.ts";
import { createMetricStore } from "./metrics.ts";

function storeWithAttempt() {
  const { db, close } = openCatalog(temporaryFolder());
  db.pragma("foreign_keys = OFF"); // only the attempt's own row matters here
  db.exec(`INSERT INTO attempt (id, job_id, number, folder, gpus_json, command_json, state, created_at)
    VALUES (1, 'job', 1, '/x', '[]', '[]', 'running', 0)`);
  return { db, close, metrics: createMetricStore(db) };
}

const point = (name: string, value: number, step: number | null = null) => ({
  name,
  step,
  time: null,
  value,
});

test("points, summaries, bad lines and the read position are committed together", () => {
  const { db, close, metrics } = storeWithAttempt();
  metrics.append(1, [point("loss", 3, 0), point("accuracy", 0.1, 0), point("loss", 1, 1)], 2, {
    offset: 100,
    skipping: false,
  });
  metrics.append(1, [point("loss", 2, 2)], 0, { offset: 150, skipping: true });
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

test("a point that cannot be kept takes its whole chunk and the position back", () => {
  const { db, close, metrics } = storeWithAttempt();
  const broken = [point("loss", 1), point("loss", Number.NaN)];
  expect(() => metrics.append(1, broken, 0, { offset: 10, skipping: false })).toThrow();
  expect(db.prepare("SELECT count(*) AS n FROM metric_point").get()).toEqual({ n: 0 });
  expect(metrics.position(1, "out/metrics.jsonl").offset).toBe(0);
  close();
});
