import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { datasetSchema } from "../../shared/schemas/dataset.ts";
import {
  type SampleRecord,
  sampleRecordSchema,
  verifiedRecordSchema,
} from "../../shared/schemas/samples.ts";
import { GauntletError } from "../../shared/errors.ts";
import type { ExitRecord, Verdict } from "../domain/job.ts";
import type { Attempt, Job } from "../domain/job-spec.ts";
import type { OutcomeRow } from "../domain/outcome.ts";
import type {
  ArtifactStore,
  Collected,
  DatasetRecord,
  EngineStore,
  StoredFile,
  TreeStore,
} from "../domain/ports.ts";
import type { TreeManifest } from "../domain/tree.ts";
import { writeFileAtomic } from "../platform/atomic-file.ts";
import { isErrno } from "../platform/errno.ts";
import { openRegularFile } from "../platform/regular-file.ts";
import { walkFiles } from "../platform/source-files.ts";
import { readLines } from "./ingest.ts";

export type CollectParts = {
  store: Pick<EngineStore, "treeFiles">;
  artifacts: ArtifactStore;
  trees: TreeStore;
  /** Where packed datasets are kept. */
  datasetsFolder: string;
};

/**
 * Takes what an ended attempt left: log, files, model, dataset, outcomes. Everything is kept,
 * whatever the verdict, which changes only when a success turns out to lack its results.
 * Throws DISK_FULL and the like, with the run folder untouched, so that it can be tried again.
 */
export async function collectAttempt(
  parts: CollectParts,
  job: Job,
  attempt: Attempt,
  verdict: Verdict,
): Promise<{ verdict: Verdict; collected: Collected }> {
  const run = join(attempt.folder, "run");
  const collected: Collected = {
    files: await keepFiles(parts, job, attempt, verdict),
    exit: await readExit(join(attempt.folder, "exit.json")),
    environment: {},
    summary: await readSummary(join(run, "out", "summary.json")),
    model: null,
    dataset: null,
    outcomes: [],
  };
  try {
    if (job.stage === "train")
      collected.model = await keepTree(parts.trees, join(run, "out", "model"));
    if (verdict.state !== "succeeded") return { verdict, collected };
    if (job.stage === "pack") collected.dataset = await keepDataset(parts, attempt.folder);
    if (job.stage === "verify") collected.outcomes = await readOutcomes(run);
  } catch (error) {
    if (isPassing(error)) throw error;
    const raw = error instanceof Error ? error.message : String(error);
    return { verdict: { state: "failed", reason: "incomplete-artifacts", raw }, collected };
  }
  if (job.stage === "train" && job.spec.model && !collected.model)
    return {
      verdict: { state: "failed", reason: "model-missing", raw: "out/model has no file" },
      collected,
    };
  return { verdict, collected };
}

/** Whether trying again later can help: the fault is the machine's, not the result's. */
function isPassing(error: unknown): boolean {
  if (error instanceof GauntletError) return error.code !== "ARTIFACT_REFUSED";
  return isErrno(error) && error.code !== "ENOENT";
}

async function keepFiles(
  { store, artifacts }: CollectParts,
  job: Job,
  attempt: Attempt,
  verdict: Verdict,
): Promise<StoredFile[]> {
  const run = join(attempt.folder, "run");
  const { checkpoint } = job.spec;
  const found: { path: string; file: string }[] = [
    { path: "log", file: join(attempt.folder, "log") },
  ];
  for (const name of await filesBelow(join(run, "out"))) {
    const path = `out/${name}`;
    // What becomes a model or a dataset is kept as such.
    if (job.stage === "train" && name.startsWith("model/")) continue;
    if (job.stage === "pack" && name.startsWith("dataset/")) continue;
    // The checkpoint of a finished training is worth nothing beside its model.
    const isCheckpoint = checkpoint && (path === checkpoint || path.startsWith(`${checkpoint}/`));
    if (isCheckpoint && verdict.state === "succeeded") continue;
    found.push({ path, file: join(run, path) });
  }
  for (const name of await changedCode(store, job, run))
    found.push({ path: `code/${name}`, file: join(run, "in", "code", name) });
  const files: StoredFile[] = [];
  for (const { path, file } of found) {
    const stat = await lstat(file).catch(() => undefined);
    // Links are not kept: what they point to inside out/ is kept under its own name.
    if (!stat?.isFile()) continue;
    files.push({ path, ...(await artifacts.put(file)) });
  }
  return files;
}

/** Files that a program wrote or changed beside its code: an unmodified script may know no out/. */
async function changedCode(store: CollectParts["store"], job: Job, run: string): Promise<string[]> {
  if (!job.spec.inputs.code) return [];
  const known = new Map(
    store.treeFiles(job.spec.inputs.code).files.map((file) => [file.path, file.size]),
  );
  const names = await filesBelow(join(run, "in", "code"), new Set(["__pycache__", "node_modules"]));
  const changed: string[] = [];
  for (const name of names) {
    const size = known.get(name);
    const stat = size === undefined ? undefined : await lstat(join(run, "in", "code", name));
    if (size === undefined || stat?.size !== size) changed.push(name);
  }
  return changed;
}

async function filesBelow(folder: string, skip?: ReadonlySet<string>): Promise<string[]> {
  try {
    return await walkFiles(folder, skip);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  }
}

async function keepTree(trees: TreeStore, folder: string): Promise<TreeManifest | null> {
  const files = await filesBelow(folder);
  return files.length === 0 ? null : trees.put(folder, files);
}

async function readJson<T>(file: string): Promise<T | null> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as T;
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  }
}

/** Null for a record that is damaged as well: the verdict, `lost`, has said so already. */
async function readExit(file: string): Promise<ExitRecord | null> {
  try {
    return await readJson<ExitRecord>(file);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** A program's own summary; one that cannot be read is said, for it is not worth a failure. */
async function readSummary(file: string): Promise<Record<string, unknown> | null> {
  if (!(await lstat(file).catch(() => undefined))) return null;
  try {
    const handle = await openRegularFile(file);
    if (!handle) return { summary_error: "out/summary.json is no regular file" };
    try {
      const value: unknown = JSON.parse(await handle.readFile("utf8"));
      if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
      return { summary_error: "out/summary.json is no object" };
    } finally {
      await handle.close();
    }
  } catch (error) {
    return { summary_error: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * Moves a packed dataset to its place under its content hash. What is moved is noted before, so
 * that a collection which is repeated, because the first one died before its commit, finds it.
 */
async function keepDataset(parts: CollectParts, attemptFolder: string): Promise<DatasetRecord> {
  const folder = join(attemptFolder, "run", "out", "dataset");
  const note = join(attemptFolder, "dataset.json");
  const moved = await readJson<DatasetRecord>(note);
  if (moved && !(await isThere(folder)) && (await isThere(moved.folder))) return moved;
  const described = await describeDataset(folder);
  const record = { ...described, folder: join(parts.datasetsFolder, described.hash) };
  await writeFileAtomic(note, JSON.stringify(record));
  await mkdir(parts.datasetsFolder, { recursive: true });
  try {
    await rename(folder, record.folder);
  } catch (error) {
    // The same content is there already.
    if (!isErrno(error, "ENOTEMPTY") && !isErrno(error, "EEXIST")) throw error;
    await rm(folder, { recursive: true, force: true });
  }
  return record;
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}

/**
 * Reads `dataset.json` of a packed dataset and hashes all of its files.
 * Throws a plain sentence where it is not one.
 */
export async function describeDataset(folder: string): Promise<DatasetRecord> {
  const manifest = datasetSchema.parse(await readJson(join(folder, "dataset.json")));
  const hash = createHash("sha256");
  let size = 0;
  for (const name of await walkFiles(folder)) {
    const file = join(folder, name);
    const content = createHash("sha256");
    for await (const chunk of createReadStream(file)) content.update(chunk as Buffer);
    hash.update(`${JSON.stringify(name)} ${content.digest("hex")}\n`);
    size += (await lstat(file)).size;
  }
  for (const { images, labels } of Object.values(manifest.splits))
    for (const name of [images, labels])
      if (!(await lstat(join(folder, name)).catch(() => undefined))?.isFile())
        throw new Error(`dataset.json names ${name}, which is not there`);
  return {
    name: manifest.name,
    version: manifest.version,
    hash: hash.digest("hex"),
    folder,
    size,
    manifest,
  };
}

/** What a verify job found, beside what the evaluation had claimed. */
async function readOutcomes(run: string): Promise<OutcomeRow[]> {
  const claims = new Map<string, SampleRecord>();
  await forEachLine(join(run, "in", "evaluation", "samples.jsonl"), (line) => {
    const parsed = sampleRecordSchema.safeParse(tryJson(line));
    if (parsed.success) claims.set(parsed.data.sample, parsed.data);
  });
  const rows: OutcomeRow[] = [];
  await forEachLine(join(run, "out", "verified.jsonl"), (line) => {
    const verified = verifiedRecordSchema.parse(JSON.parse(line));
    rows.push({ position: rows.length, verified, claim: claims.get(verified.sample) ?? null });
  });
  if (rows.length === 0) throw new Error("out/verified.jsonl has no line");
  return rows;
}

async function forEachLine(file: string, visit: (line: string) => void): Promise<void> {
  await readLines(file, { offset: 0, skipping: false }, true, (lines) => lines.forEach(visit));
}

/** Undefined for a line that is no JSON: a claim, which the verify job has already counted. */
function tryJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
