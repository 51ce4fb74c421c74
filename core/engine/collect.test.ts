import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { decodeNpy, encodeNpy } from "../../shared/npy.ts";
import { resourcesSchema } from "../../shared/schemas/experiment.ts";
import { GauntletError } from "../../shared/errors.ts";
import type { Verdict } from "../domain/job.ts";
import type { Attempt, Job } from "../domain/job-spec.ts";
import { sha256 } from "../platform/sha256.ts";
import { createLocalStore } from "../storage/local-store.ts";
import { createTreeStore } from "../storage/tree.ts";
import { collectAttempt } from "./collect.ts";
import { createProblems } from "./problems.ts";

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
  const [images, labels] = [new Float32Array(1), new Uint8Array(1)];
  writeFileSync(join(dataset, "x.npy"), encodeNpy({ dtype: "<f4", shape: [1, 1], data: images }));
  writeFileSync(join(dataset, "y.npy"), encodeNpy({ dtype: "|u1", shape: [1], data: labels }));
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
    collect: () =>
      collectAttempt(
        parts,
        job,
        attempt,
        { verdict: { state: "succeeded" }, exit: null },
        createProblems(),
      ),
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
  expect(decodeNpy(readFileSync(join(folder, "x.npy"))).shape).toEqual([1, 1]);
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

/**
 * Collects an attempt of a training that left files, by their path in the attempt's folder.
 * `refuse` says what the store answers to a file, if not what it always does.
 */
function trained(
  files: Readonly<Record<string, string>>,
  verdict: Verdict,
  refuse: (file: string) => Error | undefined = () => undefined,
) {
  const folder = temporaryFolder();
  for (const [path, text] of Object.entries({ log: "", ...files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const store = createLocalStore(temporaryFolder());
  const artifacts: typeof store = {
    ...store,
    async put(file) {
      const error = refuse(file);
      if (error) throw error;
      return store.put(file);
    },
  };
  const code = [
    { path: "train.mjs", size: 4, sha256: sha256("same"), executable: false },
    { path: "weights.bin", size: 4, sha256: sha256("OLD!"), executable: false },
  ];
  const parts = {
    store: { treeFiles: (hash: string) => ({ hash, files: code }) },
    artifacts,
    trees: createTreeStore(artifacts),
    datasetsFolder: temporaryFolder(),
  };
  const training: Job = {
    ...job,
    stage: "train",
    spec: { ...job.spec, stage: "train", inputs: { code: "code" } },
  };
  const attempt: Attempt = { id: 1, jobId: job.id, number: 1, folder, gpus: [] };
  const collect = () =>
    collectAttempt(parts, training, attempt, { verdict, exit: null }, createProblems());
  return { folder, collect };
}

const succeeded: Verdict = { state: "succeeded" };
const failed: Verdict = { state: "failed", reason: "exit-code", raw: "exit status 3" };
const refused = new GauntletError("ARTIFACT_REFUSED", "key.pem cannot be read (EACCES).");

function pathsOf({ collected }: Awaited<ReturnType<typeof collectAttempt>>): string[] {
  return collected.files.map(({ path }) => path);
}

describe("what cannot be kept", () => {
  const files = { "run/out/a.txt": "a", "run/out/key.pem": "k", "run/out/z.txt": "z" };
  const refuse = (file: string) => (file.endsWith("key.pem") ? refused : undefined);

  test("is named, makes the attempt a failure, and all else is kept", async () => {
    const result = await trained(files, succeeded, refuse).collect();
    expect(result.verdict).toEqual({
      state: "failed",
      reason: "incomplete-artifacts",
      raw: "out/key.pem: key.pem cannot be read (EACCES).",
    });
    expect(pathsOf(result)).toEqual(["log", "out/a.txt", "out/z.txt"]);
  });

  test("does not hide why the program failed", async () => {
    const { verdict } = await trained(files, failed, refuse).collect();
    expect(verdict).toMatchObject({
      reason: "incomplete-artifacts",
      raw: "exit-code: exit status 3; out/key.pem: key.pem cannot be read (EACCES).",
    });
  });

  test.each([
    new GauntletError("DISK_FULL", "The disk is full."),
    new GauntletError("DATA_FOLDER_READ_ONLY", "The disk is read-only."),
    Object.assign(new Error("no space"), { code: "ENOSPC" }),
    new GauntletError("ARTIFACT_REFUSED", "It cannot be read (EMFILE).", {
      cause: Object.assign(new Error("too many files"), { code: "EMFILE" }),
    }),
  ])("for a reason of the machine is tried again as a whole: $message", async (error) => {
    const full = (file: string) => (file.endsWith("key.pem") ? error : undefined);
    await expect(trained(files, succeeded, full).collect()).rejects.toBe(error);
  });

  test("is not the record of the end: what the runner saw of it counts", async () => {
    const result = await trained({ "exit.json": "{damaged" }, failed).collect();
    expect(result.verdict).toEqual(failed);
    expect(result.collected.exit).toBeNull();
  });

  test("is told of in a few words, however much it is", async () => {
    const many = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`run/out/${index}.txt`, "x"]),
    );
    const { verdict } = await trained(many, succeeded, (file) =>
      file.endsWith(".txt") ? refused : undefined,
    ).collect();
    expect(verdict.state === "failed" && verdict.raw.split("; ")).toHaveLength(6);
    expect(verdict).toMatchObject({ raw: expect.stringMatching(/; and 95 more$/) });
  });

  test.runIf(process.platform === "linux")("is also a file whose name is no UTF-8", async () => {
    const { folder, collect } = trained({ "run/out/a.txt": "a" }, succeeded);
    const name = Buffer.from([0x72, 0xe9, 0x73]);
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/run/out/`), name]), "result");
    expect((await collect()).verdict).toMatchObject({
      reason: "incomplete-artifacts",
      raw: expect.stringContaining("may be no UTF-8"),
    });
  });

  test("is also what an out/ that is no folder holds", async () => {
    const { verdict } = await trained({ "run/out": "result" }, succeeded).collect();
    expect(verdict).toMatchObject({ reason: "incomplete-artifacts" });
  });

  test("is no link and no folder without files", async () => {
    const { folder, collect } = trained({ "run/out/a.txt": "a" }, succeeded);
    symlinkSync("nowhere", join(folder, "run", "out", "link"));
    mkdirSync(join(folder, "run", "out", "empty"));
    const result = await collect();
    expect(result.verdict).toEqual(succeeded);
    expect(pathsOf(result)).toEqual(["log", "out/a.txt"]);
  });
});

describe("a training", () => {
  test("keeps out/model as its model, and not twice", async () => {
    const result = await trained({ "run/out/model/w": "weights" }, succeeded).collect();
    expect(result.collected.model?.files.map(({ path }) => path)).toEqual(["w"]);
    expect(pathsOf(result)).toEqual(["log"]);
  });

  test("that failed keeps out/model as files of the attempt", async () => {
    const result = await trained({ "run/out/model/w": "weights" }, failed).collect();
    expect(result.collected.model).toBeNull();
    expect(pathsOf(result)).toEqual(["log", "out/model/w"]);
  });

  test("whose model cannot be kept as one keeps what it can of it", async () => {
    const { folder, collect } = trained({ "run/out/model/w": "weights" }, succeeded);
    symlinkSync("/etc/hostname", join(folder, "run", "out", "model", "link"));
    const result = await collect();
    expect(result.verdict).toMatchObject({ reason: "incomplete-artifacts" });
    expect(result.collected.model).toBeNull();
    expect(pathsOf(result)).toEqual(["log", "out/model/w"]);
  });

  test("keeps what it changed beside its code, also at the same size", async () => {
    const code = {
      "run/in/code/train.mjs": "same",
      "run/in/code/weights.bin": "NEW!",
      "run/in/code/added.txt": "added",
    };
    const result = await trained(code, succeeded).collect();
    expect(pathsOf(result)).toEqual(["log", "code/added.txt", "code/weights.bin"]);
  });

  test("that never started leaves nothing, and that is no problem", async () => {
    const { verdict, collected } = await collectAttempt(
      packed().parts,
      { ...job, stage: "train" },
      { id: 1, jobId: job.id, number: 1, folder: join(temporaryFolder(), "none"), gpus: [] },
      { verdict: { state: "cancelled" }, exit: null },
      createProblems(),
    );
    expect(verdict).toEqual({ state: "cancelled" });
    expect(collected.files).toEqual([]);
  });
});
