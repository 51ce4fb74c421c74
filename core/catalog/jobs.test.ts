import { expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { resourcesSchema } from "../../shared/schemas/experiment.ts";
import type { Collected } from "../domain/ports.ts";
import { createArtifactCatalog } from "./artifacts.ts";
import { createEventLog } from "./events.ts";
import { createJobCatalog } from "./jobs.ts";
import { createMetricStore } from "./metrics.ts";
import { openCatalog } from "./open.ts";

const nothing: Collected = {
  files: [],
  exit: null,
  environment: {},
  summary: null,
  model: null,
  dataset: null,
  outcomes: [],
};

/** SQLite's number for `PRAGMA synchronous = FULL`. */
const full = 2;

test("the end of an attempt is on the disk before its folder may go", () => {
  const { db, close } = openCatalog(temporaryFolder());
  onTestFinished(close);
  const clock = { now: () => 1_700_000_000_000 };
  const events = createEventLog(db, clock);
  const artifacts = createArtifactCatalog(db, clock);
  const jobs = createJobCatalog(db, clock, { events, artifacts, metrics: createMetricStore(db) });
  jobs.add({
    id: "pack-job",
    runner: "process",
    priority: 0,
    spec: {
      stage: "pack",
      command: ["true"],
      cwd: ".",
      env: {},
      parameters: {},
      seed: 0,
      resources: resourcesSchema.parse({}),
      timeLimit: 1,
      silenceLimit: 1,
      retries: 0,
      inputs: {},
    },
  });
  const inside: unknown[] = [];
  jobs.onJobEnded(() => inside.push(db.pragma("synchronous", { simple: true })));
  const { engineStore } = jobs;
  const [queued] = engineStore.queued();
  if (!queued) throw new Error("nothing is queued");
  const attempt = engineStore.beginAttempt(queued, "/folder", []);
  const started = engineStore.job("pack-job") ?? queued;
  engineStore.endAttempt(started, attempt, { state: "succeeded" }, nothing, false);
  expect(inside).toEqual([full]);
  // Everything else is not worth a sync: it is read again, or observed again.
  expect(db.pragma("synchronous", { simple: true })).toBe(1);
  expect(engineStore.job("pack-job")).toMatchObject({ state: "succeeded", attempt: 1 });
});
