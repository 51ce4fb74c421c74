import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { resourcesSchema } from "../../shared/schemas/experiment.ts";
import { createCatalog } from "../catalog/catalog.ts";
import type { ExitRecord } from "../domain/job.ts";
import type {
  EngineStore,
  ForeignGpuUsers,
  LaunchSpec,
  Observation,
  Runner,
} from "../domain/ports.ts";
import { createLocalStore } from "../storage/local-store.ts";
import { createTreeStore } from "../storage/tree.ts";
import { createEngine, type EngineOptions } from "./engine.ts";

const exit: ExitRecord = {
  code: 0,
  signal: null,
  endedBy: "itself",
  startError: null,
  startedAt: 1,
  endedAt: 2,
  peakMemory: null,
  cpuSeconds: null,
  logDropped: 0,
};

/** Runs nothing: a job is what the test says, and runs until it is stopped. */
function pretendRunner() {
  const states = new Map<string, Observation>();
  const launched: LaunchSpec[] = [];
  const runner: Runner = {
    kind: "process",
    async launch(spec) {
      launched.push(spec);
      states.set(spec.key.job, { kind: "running", since: 1 });
    },
    observe: async (_folder, { job }) => states.get(job) ?? { kind: "absent" },
    async stop(_folder, { job }) {
      states.set(job, { kind: "ended", exit: { ...exit, endedBy: "stopped" } });
    },
    async release() {},
  };
  return { runner, states, launched };
}

/** An engine on a catalog of its own; `change` puts faults into what it keeps there. */
function open(
  change: (store: EngineStore) => Partial<EngineStore> = () => ({}),
  machine: { gpus: number[]; foreignGpuUsers: ForeignGpuUsers } = {
    gpus: [],
    foreignGpuUsers: async () => new Map(),
  },
  provide: EngineOptions["provide"] = async () => false,
) {
  const data = temporaryFolder();
  let ids = 0;
  const catalog = createCatalog(data, { now: () => Date.now() }, () => `id${ids++}`);
  catalog.jobs.onJobEnded(() => {});
  const pretend = pretendRunner();
  const closing = new AbortController();
  const errors: unknown[] = [];
  const artifacts = createLocalStore(join(data, "artifacts"));
  const engine = createEngine({
    store: { ...catalog.jobs.engineStore, ...change(catalog.jobs.engineStore) },
    artifacts,
    trees: createTreeStore(artifacts),
    datasetsFolder: join(data, "datasets"),
    jobsFolder: join(data, "jobs"),
    secrets: { get: async () => null },
    runners: new Map([["process", pretend.runner]]),
    slots: { cpus: 8, gpus: machine.gpus },
    provide,
    closing: closing.signal,
    foreignGpuUsers: machine.foreignGpuUsers,
    interval: 5,
    onError: (error) => void errors.push(error),
  });
  engine.setWorking(true);
  onTestFinished(async () => {
    await engine.close();
    catalog.close();
  });
  const add = (id: string, resources: { gpus?: number } = {}) => {
    catalog.jobs.add({
      id,
      runner: "process",
      priority: 0,
      spec: {
        stage: "pack",
        command: ["pretend"],
        cwd: ".",
        env: {},
        parameters: {},
        seed: 0,
        resources: resourcesSchema.parse(resources),
        timeLimit: 1000,
        silenceLimit: 1000,
        retries: 0,
        inputs: {},
      },
    });
    engine.wake();
  };
  return { data, catalog, engine, add, closing, errors, ...pretend };
}

/** Waits for what the test's own time limit ends otherwise. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(5);
}

/** Puts a line where a running job reports its metrics. */
function report(folder: string): void {
  mkdirSync(join(folder, "run", "out"), { recursive: true });
  writeFileSync(join(folder, "run", "out", "metrics.jsonl"), '{"loss": 1}\n');
}

test("a job whose metrics cannot be kept says so, can be stopped, and holds up no other", async () => {
  const { catalog, engine, add, launched } = open(() => ({
    appendMetrics() {
      throw new Error("no room for metrics");
    },
  }));
  add("a");
  await until(() => catalog.jobs.get("a")?.state === "running");
  report(launched[0]?.folder ?? "");
  await until(() => catalog.jobs.get("a")?.condition === "no room for metrics");
  expect(engine.troubles()).toEqual(new Map([["a", "no room for metrics"]]));
  add("b");
  await until(() => catalog.jobs.get("b")?.state === "running");
  // Reading fails for ever and waits long by now; stopping is another matter.
  catalog.transaction(() => catalog.jobs.requestStop("a"));
  engine.wake();
  await until(() => catalog.jobs.get("a")?.state === "collecting");
});

test("a condition ends with what caused it", async () => {
  let full = true;
  const { catalog, add, launched } = open((store) => ({
    appendMetrics(...args) {
      if (full) throw new Error("no room for metrics");
      store.appendMetrics(...args);
    },
  }));
  add("a");
  await until(() => catalog.jobs.get("a")?.state === "running");
  report(launched[0]?.folder ?? "");
  await until(() => catalog.jobs.get("a")?.condition === "no room for metrics");
  full = false;
  await until(() => catalog.jobs.get("a")?.condition === null);
  expect(catalog.jobs.get("a")?.state).toBe("running");
});

test("a condition that lasts is noted once", async () => {
  let tries = 0;
  const { catalog, add, launched } = open(() => ({
    appendMetrics() {
      tries++;
      throw new Error("no room for metrics");
    },
  }));
  add("a");
  await until(() => catalog.jobs.get("a")?.state === "running");
  report(launched[0]?.folder ?? "");
  await until(() => tries >= 2);
  const noted = catalog.events.after(0).filter(({ kind }) => kind === "job.condition");
  expect(noted).toHaveLength(1);
});

test("who else uses the GPUs is asked only while a job wants one, and not at each look", async () => {
  let asked = 0;
  let users = new Map([[0, "python3 (pid 42)"]]);
  const { catalog, engine, add, launched } = open(undefined, {
    gpus: [0],
    async foreignGpuUsers() {
      asked += 1;
      return users;
    },
  });
  add("no-gpu");
  await until(() => catalog.jobs.get("no-gpu")?.state === "running");
  await sleep(50);
  expect(asked).toBe(0);
  add("a", { gpus: 1 });
  add("b");
  await until(() => catalog.jobs.get("b")?.state === "running");
  await until(() => catalog.jobs.get("a")?.condition !== null);
  expect(catalog.jobs.get("a")?.condition).toBe(
    "waits for a GPU: in use by other programs are GPU 0 by python3 (pid 42)",
  );
  await sleep(200); // Some forty looks.
  expect(asked).toBe(1);
  users = new Map();
  engine.wake();
  await until(() => catalog.jobs.get("a")?.state === "running");
  expect(asked).toBe(2);
  expect(launched.at(-1)).toMatchObject({ key: { job: "a" }, gpus: [0] });
  expect(catalog.jobs.get("a")?.condition).toBeNull();
});

test("a driver that does not answer holds up nobody but who wants a GPU, and never the end", async () => {
  let answer: (() => void) | undefined;
  const { catalog, add } = open(undefined, {
    gpus: [0],
    foreignGpuUsers: () =>
      new Promise((resolve) => {
        answer = () => resolve(new Map());
      }),
  });
  add("a");
  add("b", { gpus: 1 });
  await until(() => catalog.jobs.get("a")?.state === "running");
  await sleep(30);
  expect(catalog.jobs.get("b")?.state).toBe("queued");
  answer?.();
  await until(() => catalog.jobs.get("b")?.state === "running");
});

/** Brings nothing back until it is told that nobody wants it. */
const never: EngineOptions["provide"] = (_job, signal) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });

test("a job that is cancelled while what it needs is brought back ends at once", async () => {
  const { catalog, engine, add, errors, launched } = open(undefined, undefined, never);
  add("a");
  await sleep(30);
  catalog.transaction(() => catalog.jobs.requestStop("a"));
  engine.wake();
  await until(() => catalog.jobs.get("a")?.state === "cancelled");
  expect(catalog.jobs.get("a")?.condition).toBeNull();
  expect(errors).toEqual([]);
  expect(launched).toEqual([]);
});

test("a core that ends while something is brought back leaves no failure behind", async () => {
  let fail: ((error: Error) => void) | undefined;
  const { catalog, engine, add, closing, errors } = open(undefined, undefined, () => {
    return new Promise((_resolve, reject) => (fail = reject));
  });
  add("a");
  await until(() => fail !== undefined);
  closing.abort(new Error("closed"));
  fail?.(new Error("closed"));
  await engine.close();
  expect(catalog.jobs.get("a")).toMatchObject({ state: "queued", condition: null });
  expect(errors).toEqual([]);
});
