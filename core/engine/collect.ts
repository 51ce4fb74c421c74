import { createHash } from "node:crypto";
import { renameSync } from "node:fs";
import { lstat, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseNpyHeader } from "../../shared/npy.ts";
import { datasetSchema } from "../../shared/schemas/dataset.ts";
import {
  type SampleRecord,
  sampleRecordSchema,
  verifiedRecordSchema,
} from "../../shared/schemas/samples.ts";
import type { Stage } from "../../shared/schemas/run-folder.ts";
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
import { sha256OfFile } from "../platform/sha256.ts";
import { walkFiles } from "../platform/source-files.ts";
import { readLines } from "./ingest.ts";
import type { Problems } from "./problems.ts";

export type CollectParts = {
  store: Pick<EngineStore, "treeFiles">;
  artifacts: ArtifactStore;
  trees: TreeStore;
  /** Where packed datasets are kept. */
  datasetsFolder: string;
};

/** Folders under out/ that are kept as a whole, where the stage succeeds. */
const resultFolders: Partial<Record<Stage, string>> = {
  train: "out/model/",
  pack: "out/dataset/",
};

/**
 * Takes what an ended attempt left: log, files, model, dataset, outcomes. Everything is kept,
 * whatever the verdict. What cannot be kept, and a success that lacks its results, makes it a
 * failure; `problems` may hold some already. Throws DISK_FULL and the like, with the run folder
 * untouched, so that it can be tried again.
 */
export async function collectAttempt(
  parts: CollectParts,
  job: Job,
  attempt: Attempt,
  ended: { verdict: Verdict; exit: ExitRecord | null },
  problems: Problems,
): Promise<{ verdict: Verdict; collected: Collected }> {
  const run = join(attempt.folder, "run");
  const { verdict } = ended;
  const folder = resultFolders[job.stage];
  const isResult = ({ path }: Left) => folder !== undefined && path.startsWith(folder);
  const left = await listLeft(parts, job, attempt, verdict, problems);
  const collected: Collected = {
    files: await keepFiles(
      parts,
      left.filter((file) => !isResult(file)),
      problems,
    ),
    exit: ended.exit,
    environment: {},
    summary: await readSummary(join(run, "out", "summary.json")),
    model: null,
    dataset: null,
    outcomes: [],
  };
  if (verdict.state === "succeeded" && problems.found.length === 0) {
    const keep = <T>(what: string, work: () => Promise<T>) => problems.guard(what, work, null);
    if (job.stage === "train")
      collected.model = await keep("out/model", () =>
        keepTree(parts.trees, join(run, "out/model")),
      );
    if (job.stage === "pack")
      collected.dataset = await keep("out/dataset", () => keepDataset(parts, attempt.folder));
    if (job.stage === "verify")
      collected.outcomes = (await keep("out/verified.jsonl", () => readOutcomes(run))) ?? [];
  }
  // What becomes no model and no dataset is still what the program left.
  if (!collected.model && !collected.dataset)
    collected.files.push(...(await keepFiles(parts, left.filter(isResult), problems)));
  return { verdict: judge(job, verdict, collected, problems.found), collected };
}

/** Bytes that hold the header of any array that is read. */
const longestNpyStart = 2 ** 16 + 12;

/** Problems that are told one by one; a program can leave a million files. */
const told = 5;

/** What is to be said of an attempt when it is known what it left. */
function judge(
  job: Job,
  verdict: Verdict,
  collected: Collected,
  problems: readonly string[],
): Verdict {
  if (problems.length > 0) {
    const own = verdict.state === "failed" ? [`${verdict.reason}: ${verdict.raw}`] : [];
    const more = problems.length > told ? [`and ${problems.length - told} more`] : [];
    const raw = [...own, ...problems.slice(0, told), ...more].join("; ");
    return { state: "failed", reason: "incomplete-artifacts", raw };
  }
  if (verdict.state === "succeeded" && job.stage === "train" && job.spec.model && !collected.model)
    return { state: "failed", reason: "model-missing", raw: "out/model has no file" };
  return verdict;
}

/** A file of the attempt: its name among the artifacts, and where it lies. */
type Left = { path: string; file: string };

/** The files that an attempt left and that are worth keeping. */
async function listLeft(
  parts: CollectParts,
  job: Job,
  attempt: Attempt,
  verdict: Verdict,
  problems: Problems,
): Promise<Left[]> {
  const run = join(attempt.folder, "run");
  const { checkpoint } = job.spec;
  const found: Left[] = [];
  const log = join(attempt.folder, "log");
  // One that never started has none.
  if (await isThere(log)) found.push({ path: "log", file: log });
  for (const name of await filesBelow(run, "out", problems)) {
    const path = `out/${name}`;
    // The checkpoint of a finished training is worth nothing beside its model.
    const isCheckpoint = checkpoint && (path === checkpoint || path.startsWith(`${checkpoint}/`));
    if (isCheckpoint && verdict.state === "succeeded") continue;
    found.push({ path, file: join(run, path) });
  }
  for (const name of await changedCode(parts.store, job, run, problems))
    found.push({ path: `code/${name}`, file: join(run, "in", "code", name) });
  return found;
}

async function keepFiles(
  { artifacts }: CollectParts,
  left: readonly Left[],
  problems: Problems,
): Promise<StoredFile[]> {
  const files: StoredFile[] = [];
  for (const { path, file } of left) {
    const kept = await problems.guard(path, () => keepFile(artifacts, file), null);
    if (kept) files.push({ path, ...kept });
  }
  return files;
}

async function keepFile(artifacts: ArtifactStore, file: string) {
  let isFile: boolean;
  try {
    isFile = (await lstat(file)).isFile();
  } catch (cause) {
    // It was listed, and nobody is left who could have removed it.
    if (isErrno(cause, "ENOENT"))
      throw new Error("not found under its name, which may be no UTF-8", { cause });
    throw cause;
  }
  // Links are not kept: what they point to inside out/ is kept under its own name.
  return isFile ? artifacts.put(file) : null;
}

/** Files that a program wrote or changed beside its code: an unmodified script may know no out/. */
async function changedCode(
  store: CollectParts["store"],
  job: Job,
  run: string,
  problems: Problems,
): Promise<string[]> {
  if (!job.spec.inputs.code) return [];
  const known = new Map(
    store.treeFiles(job.spec.inputs.code).files.map((file) => [file.path, file]),
  );
  const names = await filesBelow(
    run,
    "in/code",
    problems,
    new Set(["__pycache__", "node_modules"]),
  );
  const changed: string[] = [];
  for (const name of names) {
    const before = known.get(name);
    const file = join(run, "in", "code", name);
    const isSame =
      before &&
      (await problems.guard(
        `code/${name}`,
        async () =>
          (await lstat(file)).size === before.size && (await sha256OfFile(file)) === before.sha256,
        true,
      ));
    if (!isSame) changed.push(name);
  }
  return changed;
}

/** The files below a folder of the run folder; none when it is not there. */
async function filesBelow(
  run: string,
  folder: string,
  problems: Problems,
  skip?: ReadonlySet<string>,
): Promise<string[]> {
  const unlisted: unknown[] = [];
  const files = await walkFiles(join(run, folder), skip, (_folder, error) => unlisted.push(error));
  if (unlisted.length === 1 && !(await isThere(join(run, folder)))) return [];
  for (const error of unlisted) problems.note(folder, error);
  return files;
}

async function keepTree(trees: TreeStore, folder: string): Promise<TreeManifest | null> {
  const files = (await isThere(folder)) ? await walkFiles(folder) : [];
  return files.length === 0 ? null : trees.put(folder, files);
}

async function readJson<T>(path: string): Promise<T | null> {
  const file = await openRegularFile(path);
  if (!file) return null;
  try {
    return JSON.parse(await file.readFile("utf8")) as T;
  } finally {
    await file.close();
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
    if (!isErrno(error, "ENOTEMPTY") && !isErrno(error, "EEXIST")) throw error;
    // The same content is there already, or what is left of it after it made room.
    let rubbish = folder;
    if (!(await hasImages(record))) {
      rubbish = `${record.folder}.tmp`;
      await rm(rubbish, { recursive: true, force: true });
      // In one turn of the loop: labels are read at any time.
      renameSync(record.folder, rubbish);
      renameSync(folder, record.folder);
    }
    await rm(rubbish, { recursive: true, force: true });
  }
  return record;
}

async function hasImages({ folder, manifest }: DatasetRecord): Promise<boolean> {
  for (const { images } of Object.values(manifest.splits))
    if (!(await isThere(join(folder, images)))) return false;
  return true;
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}

/**
 * Reads `dataset.json` of a packed dataset and hashes all of its files.
 * Throws a plain sentence where it is not one, and the signal's reason once that is aborted.
 */
export async function describeDataset(
  folder: string,
  signal?: AbortSignal,
): Promise<DatasetRecord> {
  const manifest = datasetSchema.parse(await readJson(join(folder, "dataset.json")));
  const hash = createHash("sha256");
  let size = 0;
  for (const name of await walkFiles(folder)) {
    const file = join(folder, name);
    hash.update(`${JSON.stringify(name)} ${await sha256OfFile(file, signal)}\n`);
    size += (await lstat(file)).size;
  }
  for (const { images, labels, count } of Object.values(manifest.splits)) {
    await checkArray(folder, images, [count, ...manifest.input.shape]);
    await checkArray(folder, labels, [count]);
  }
  return {
    name: manifest.name,
    version: manifest.version,
    hash: hash.digest("hex"),
    folder,
    size,
    manifest,
  };
}

/** Throws a plain sentence for an array of a dataset that is not what `dataset.json` says. */
async function checkArray(folder: string, name: string, shape: readonly number[]): Promise<void> {
  const file = await openRegularFile(join(folder, name));
  if (!file) throw new Error(`dataset.json names ${name}, which is not there`);
  try {
    const start = Buffer.alloc(longestNpyStart);
    const { bytesRead } = await file.read(start, 0, start.length, 0);
    const header = parseNpyHeader(start.subarray(0, bytesRead));
    const text = (sizes: readonly number[]) => `(${sizes.join(", ")})`;
    if (text(header.shape) !== text(shape))
      throw new Error(
        `${name} is an array of shape ${text(header.shape)}; by dataset.json it is ${text(shape)}`,
      );
    const { size } = await file.stat();
    if (size < header.dataOffset + header.byteLength)
      throw new Error(`${name} is cut off: it has ${size} bytes`);
  } finally {
    await file.close();
  }
}

/**
 * What a verify job found, beside what the evaluation had claimed.
 * @param run the verify job's run folder
 */
export async function readOutcomes(run: string): Promise<OutcomeRow[]> {
  const claims = new Map<string, SampleRecord>();
  await forEachLine(join(run, "in", "evaluation", "samples.jsonl"), (line) => {
    const parsed = sampleRecordSchema.safeParse(tryJson(line));
    if (parsed.success) claims.set(parsed.data.sample, parsed.data);
  });
  const rows: OutcomeRow[] = [];
  await forEachLine(join(run, "out", "verified.jsonl"), (line) => {
    const verified = verifiedRecordSchema.parse(JSON.parse(line));
    rows.push({ verified, claim: claims.get(verified.sample) ?? null });
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
