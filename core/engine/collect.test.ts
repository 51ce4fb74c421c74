import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { resourcesSchema } from "../../shared/schemas/experiment.ts";
import type { Attempt, Job } from "../domain/job-spec.ts";
import { createLocalStore } from "../storage/local-store.ts";
import { createTreeStore } from "../storage/tree.ts";
import { collectAttempt } from "./collect.ts";

const job: Job = {
  id: "pack-job",
  stage: "pack",
  runId: null,
  evaluationId: null,
  runner: "process",
  state: "collecting",
  stopRequested: false,
  condition: null,
  reason: null,
  raw: null,
  attempt: 1,
  spec: {
    stage: "pack",
    command: ["node", "pack.mjs"],
    cwd: ".",
    env: {},
    parameters: {},
    seed: 0,
    resources: resourcesSchema.parse({}),
    timeLimit: 1000,
    silenceLimit: 1000,
    retries: 0,
    inputs: {},
  },
};

/** An ended attempt that packed a dataset, and what collects it. */
function packed() {
  const folder = temporaryFolder();
  const attempt: Attempt = { id: 1, jobId: job.id, number: 1, folder, gpus: [] };
  const dataset = join(folder, "run", "out", "dataset");
  mkdirSync(dataset, { recursive: true });
  writeFileSync(join(dataset, "x.npy"), "images");
  writeFileSync(join(dataset, "y.npy"), "labels");
  writeFileSync(
    join(dataset, "dataset.json"),
    JSON.stringify({
      name: "tiny",
      version: "1",
      classes: ["a", "b"],
      input: { shape: [1], layout: "NF", bounds: [0, 1] },
      splits: { test: { images: "x.npy", labels: "y.npy", count: 1 } },
    }),
  );
  const artifacts = createLocalStore(temporaryFolder());
  const unused = (): never => {
    throw new Error("not asked for by a job without code");
  };
  const parts = {
    store: { treeFiles: unused },
    artifacts,
    trees: createTreeStore(artifacts),
    datasetsFolder: join(temporaryFolder(), "datasets"),
  };
  return {
    attempt,
    parts,
    collect: () => collectAttempt(parts, job, attempt, { state: "succeeded" }),
  };
}

test("a dataset that was moved before the engine died is collected again", async () => {
  const { collect } = packed();
  const first = await collect();
  expect(first.verdict).toEqual({ state: "succeeded" });
  // The commit that follows never came: the next engine collects the same attempt.
  const second = await collect();
  expect(second).toEqual(first);
  const { folder = "" } = second.collected.dataset ?? {};
  expect(readFileSync(join(folder, "x.npy"), "utf8")).toBe("images");
});

test("a dataset whose move had only been noted is moved", async () => {
  const { attempt, collect } = packed();
  const { collected } = await packed().collect();
  writeFileSync(join(attempt.folder, "dataset.json"), JSON.stringify(collected.dataset));
  const { collected: again } = await collect();
  expect(again.dataset?.hash).toBe(collected.dataset?.hash);
  expect(again.dataset?.folder).not.toBe(collected.dataset?.folder);
  expect(existsSync(join(again.dataset?.folder ?? "", "dataset.json"))).toBe(true);
});

test("an attempt whose exit record is damaged is collected all the same", async () => {
  const { attempt, parts } = packed();
  writeFileSync(join(attempt.folder, "log"), "words");
  writeFileSync(join(attempt.folder, "exit.json"), '{"code": 0');
  const verdict = { state: "failed", reason: "lost", raw: "exit.json cannot be read" } as const;
  const { collected, verdict: kept } = await collectAttempt(parts, job, attempt, verdict);
  expect(kept).toBe(verdict);
  expect(collected).toMatchObject({ exit: null, files: [{ path: "log", size: 5 }] });
});
