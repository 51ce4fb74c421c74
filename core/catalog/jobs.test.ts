import { expect, onTestFinished, test } from "vitest";
import { resourcesSchema } from "../../shared/schemas/experiment.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import type { JobSpec } from "../domain/job-spec.ts";
import type { Collected } from "../domain/ports.ts";
import { createArtifactCatalog } from "./artifacts.ts";
import { createEventLog } from "./events.ts";
import { createImageCatalog } from "./images.ts";
import { createJobCatalog } from "./jobs.ts";
import { createMetricStore } from "./metrics.ts";
import { openCatalog } from "./open.ts";
import { createRunValues } from "./run-values.ts";

const clock = { now: () => 1 };

const spec: JobSpec = {
  stage: "pack",
  command: ["true"],
  cwd: ".",
  env: {},
  parameters: {},
  seed: 0,
  resources: resourcesSchema.parse({}),
  timeLimit: 1000,
  silenceLimit: 1000,
  retries: 0,
  inputs: {},
};

const nothing: Collected = {
  files: [],
  exit: null,
  environment: {},
  summary: null,
  model: null,
  dataset: null,
  outcomes: [],
};

/** A job that is being collected, in a catalog of its own. */
function collecting() {
  const { db, close } = openCatalog(temporaryFolder());
  onTestFinished(close);
  const jobs = createJobCatalog(db, clock, {
    events: createEventLog(db, clock),
    artifacts: createArtifactCatalog(db, clock),
    metrics: createMetricStore(db),
    runValues: createRunValues(db),
    images: createImageCatalog(db, clock),
  });
  const { engineStore: store } = jobs;
  jobs.add({ id: "a", runner: "process", priority: 0, spec });
  const attempt = store.beginAttempt(get(), "/jobs/a/1", []);
  store.markCollecting(get(), attempt);
  function get() {
    const job = jobs.get("a");
    if (!job) throw new Error("the job is gone");
    return job;
  }
  return { db, jobs, store, attempt, get };
}

test("the end of an attempt outlives a power cut, for its folder is removed next", () => {
  const { db, jobs, store, attempt, get } = collecting();
  const synchronous = () => db.pragma("synchronous", { simple: true });
  const [normal, full] = [1, 2];
  const seen: unknown[] = [synchronous()];
  jobs.onJobEnded(() => seen.push(synchronous()));
  store.endAttempt(get(), attempt, { state: "succeeded" }, nothing, false);
  expect([...seen, synchronous()]).toEqual([normal, full, normal]);
});

test("an end that fails leaves the attempt as it was and the catalog as fast as before", () => {
  const { db, jobs, store, attempt, get } = collecting();
  jobs.onJobEnded(() => {
    throw new Error("the chain broke");
  });
  expect(() => store.endAttempt(get(), attempt, { state: "succeeded" }, nothing, false)).toThrow(
    "the chain broke",
  );
  expect(get().state).toBe("collecting");
  expect(db.pragma("synchronous", { simple: true })).toBe(1);
});
