/**
 * The ports of the core: what the engine needs from the outside. Adapters stand in runners/,
 * storage/ and platform/; each port has one contract test suite in tests/contract/ that every
 * adapter passes.
 */
import type { ExitRecord, Verdict } from "./job.ts";
import type { Attempt, Job } from "./job-spec.ts";
import type { MetricBatch } from "./metric-lines.ts";
import type { OutcomeRow } from "./outcome.ts";
import type { TreeManifest } from "./tree.ts";
import type { SecretUse, SecretView } from "../../shared/schemas/secrets.ts";
import type { Dataset } from "../../shared/schemas/dataset.ts";

/** Identifies one attempt of one job; external names derive from it. */
export type AttemptKey = { job: string; attempt: number };

/** A container image: one that has a name, or one that is built from a folder of the code. */
export type ImageSpec =
  | { name: string }
  | {
      /** Path of the context in the run folder, such as `in/code`. */
      build: string;
      /** Relative to the context. */
      dockerfile: string;
      args: Record<string, string>;
      /** Names of secrets that its steps may ask for; absent for none. */
      secrets?: string[];
      /** Names the result: the same content is not built twice. */
      hash: string;
      /** For people: what the image is of. */
      label: string;
    };

/** A secret that a job is given. Never written but to where the job finds it, nor logged. */
export type GivenSecret = SecretUse & { value: string };

/** What a runner needs to start an attempt. Paths are absolute. */
export type LaunchSpec = {
  key: AttemptKey;
  /**
   * The attempt's folder. `run/` in it is the run folder, already filled (job.json, in/, an empty
   * out/); everything beside it belongs to the runner: `log`, `exit.json`, `resources.jsonl`.
   */
  folder: string;
  command: string[];
  /** Working directory, inside `folder`. */
  cwd: string;
  /** Added to the runner's base environment. */
  env: Record<string, string>;
  /** Values for this start alone: a runner lets them outlive the job nowhere. */
  secrets: readonly GivenSecret[];
  /** Milliseconds. */
  timeLimit: number;
  silenceLimit: number;
  /** From being asked to stop to being killed, milliseconds. */
  grace: number;
  /** Bytes, or null for no limit. */
  memoryLimit: number | null;
  /** Shared memory of a container, bytes; null for the runner's own default. */
  shm: number | null;
  cpus: number;
  /** What the command runs in; null for this machine itself. */
  image: ImageSpec | null;
  /** Whether it may use the network, where the runner can keep it from that. */
  network: boolean;
  /** Whether the command is a program of Gauntlet, which finds there what it needs. */
  agent: boolean;
  /** Bytes of log kept; the rest is counted, and the last lines are kept still. */
  logLimit: number;
  gpus: number[];
};

export type Observation =
  /** Nothing of this attempt was ever started here. */
  | { kind: "absent" }
  /** `doing`: what takes its time before it runs, such as the fetching of its image. */
  | { kind: "starting"; doing?: string }
  | { kind: "running"; since: number }
  | { kind: "ended"; exit: ExitRecord }
  /** It was started, nothing of it lives any more, and it left no exit record. */
  | { kind: "lost"; detail: string }
  /** The place cannot be asked now: a condition, never a failure. */
  | { kind: "unreachable"; detail: string };

/**
 * A way to run jobs. Every method is idempotent: after a crash the engine repeats the last action
 * and adopts what it finds.
 */
export type Runner = {
  readonly kind: "process" | "docker" | "kubernetes" | "compute-engine" | "vertex-ai";
  /** Starts the attempt, unless it was started before. Resolves once it is under way. */
  launch(spec: LaunchSpec): Promise<void>;
  observe(folder: string, key: AttemptKey): Promise<Observation>;
  /** Asks the attempt to stop; it is killed with its children after the launch's grace. */
  stop(folder: string, key: AttemptKey): Promise<void>;
  /** What the attempt ran in, for the record; absent where that is this machine. */
  surroundings?(folder: string): Promise<Record<string, string> | null>;
  /**
   * What an image has inside, by its `imageId` of the surroundings; absent where there are no images.
   * Throws what the place throws, and the signal's reason.
   */
  contents?(imageId: string, signal: AbortSignal): Promise<ImageContents>;
  /** Ends whatever may still live of an attempt, at once, and forgets it. Files stay. */
  release(folder: string, key: AttemptKey): Promise<void>;
};

/** Interpreter and packages, of an image or of this machine's; nulls where there are none. */
export type ImageContents = {
  /** Such as `Python 3.12.3`. */
  runtime: string | null;
  /** Version of the CUDA that PyTorch was built for, or else of the image's. */
  cuda: string | null;
  /** Versions by name. */
  packages: Record<string, string>;
};

/** One line of `resources.jsonl`; nulls where the system does not tell. */
export type ResourceSample = {
  /** Milliseconds since 1970. */
  time: number;
  /** CPU time of the process tree so far, seconds. */
  cpuSeconds: number | null;
  /** Resident memory of the process tree, bytes. */
  memory: number | null;
  /** Bytes read and written by the process tree so far. */
  readBytes: number | null;
  writtenBytes: number | null;
  /** Bytes free on the disk of the run folder. */
  diskFree: number | null;
  gpus: GpuSample[];
};

/** What a job's GPU did; nulls where the driver does not tell. */
export type GpuSample = {
  index: number;
  /** Percent of the time in which it worked. */
  utilisation: number | null;
  /** Bytes in use, by whomever. */
  memory: number | null;
  /** Degrees Celsius. */
  temperature: number | null;
  /** Watts. */
  power: number | null;
};

/**
 * Who uses GPUs besides the jobs of this core.
 * @param held GPUs, by index, that jobs of this core hold
 * @returns who it is in words, by the GPU's index; nobody where it is not known. Never rejects.
 */
export type ForeignGpuUsers = (held: ReadonlySet<number>) => Promise<ReadonlyMap<number, string>>;

/** The wall clock; a port so that tests can set it back. Milliseconds since 1970. */
export type Clock = { now(): number };

/** Secrets of this machine's user. */
export type SecretStore = {
  /** By name. Throws SECRETS_EXPOSED and SECRETS_UNREADABLE, as all of these do. */
  list(): Promise<SecretView[]>;
  /** The value, or null where there is no such secret. Throws SECRET_SEALED. */
  get(name: string): Promise<string | null>;
  /** Keeps a value, in place of an earlier one. Throws DISK_FULL. */
  set(name: string, value: string): Promise<void>;
  /** Forgets a secret; false where there is none. */
  remove(name: string): Promise<boolean>;
};

/** Turns values into what is kept of them and back. */
export type Seal = {
  /** Text that means nothing without the key. */
  close(value: string, name: string): string;
  /** Null for what was sealed with another key, or under another name. */
  open(sealed: string, name: string): string | null;
};

/** Files kept by content. Hashes are lower-case SHA-256. */
export type ArtifactStore = {
  /** Keeps a file's bytes; the same bytes are stored once. Belongs inside `keeping`. */
  put(file: string): Promise<{ sha256: string; size: number }>;
  /**
   * Does work that puts files and then commits what refers to them: until it ends, nothing that
   * was put since it began is removed, for a put may have found its bytes there already.
   */
  keeping<T>(work: () => Promise<T>): Promise<T>;
  /** Path of the stored bytes; read-only for callers. Throws ARTIFACT_MISSING. */
  pathOf(sha256: string): string;
  has(sha256: string): Promise<boolean>;
  /** Copies to `target` (parents are made); with `verify`, checks the hash while copying. */
  materialise(sha256: string, target: string, options?: { verify?: boolean }): Promise<void>;
  /**
   * Removes the bytes for good; false, and nothing is done, when they are kept. The caller has
   * found in this same turn of the loop that nothing refers to them. A put of the same bytes waits.
   */
  remove(sha256: string): Promise<boolean>;
  /** Every stored hash, for checks and clean-up after a crash. */
  list(): AsyncIterable<string>;
};

/** Folders kept by content, on top of an ArtifactStore. */
export type TreeStore = {
  /** Keeps the named files of a folder; `files` are paths relative to it. */
  put(folder: string, files: readonly string[]): Promise<TreeManifest>;
  /** Copies a stored folder to `target`, which must not exist yet or be empty. */
  materialise(tree: TreeManifest, target: string): Promise<void>;
};

/** A packed dataset that stands in a folder of this machine. */
export type DatasetRecord = {
  name: string;
  version: string;
  /** SHA-256 over the files' names and contents. */
  hash: string;
  folder: string;
  size: number;
  manifest: Dataset;
};

/** How far a growing file was read. `skipping`: the rest of an over-long line is passed over. */
export type IngestPosition = { offset: number; skipping: boolean };

export type StoredFile = { path: string; sha256: string; size: number };

/** The results of an attempt that are committed together with its end. */
export type Collected = {
  files: StoredFile[];
  exit: ExitRecord | null;
  /** Host, GPUs, driver and packages that it ran with. */
  environment: Record<string, unknown>;
  summary: Record<string, unknown> | null;
  /** `out/model` as a stored folder, where the attempt left one. */
  model: TreeManifest | null;
  /** `out/dataset` of a pack job, registered. */
  dataset: DatasetRecord | null;
  /** Verified outcomes of a verify job. */
  outcomes: OutcomeRow[];
};

/** What the engine keeps in the catalog. Every method is one transaction, events included. */
export type EngineStore = {
  job(id: string): Job | undefined;
  /** The head of the queue. */
  queued(): Job[];
  active(): { job: Job; attempt: Attempt }[];
  beginAttempt(job: Job, folder: string, gpus: number[]): Attempt;
  markRunning(job: Job, attempt: Attempt, since: number): void;
  markCollecting(job: Job, attempt: Attempt): void;
  setCondition(job: Job, condition: string | null): void;
  /** Ends a job that never started. */
  endQueued(job: Job, verdict: Verdict): void;
  /** Ends the attempt, keeps its results, and queues the job again when `again`. */
  endAttempt(
    job: Job,
    attempt: Attempt,
    verdict: Verdict,
    collected: Collected,
    again: boolean,
  ): void;
  ingestPosition(attempt: Attempt, file: string): IngestPosition;
  appendMetrics(attempt: Attempt, batch: MetricBatch, position: IngestPosition): void;
  /** Puts a share of what was appended into its lasting form; true while there may be more. */
  packMetrics(attempt: Attempt): boolean;
  appendResources(attempt: Attempt, samples: ResourceSample[], position: IngestPosition): void;
  treeFiles(tree: string): TreeManifest;
  filesOf(jobId: string, attempt: number): StoredFile[];
  /** Whether it is known what an image has inside. */
  hasContents(imageId: string): boolean;
  keepContents(imageId: string, contents: ImageContents): void;
};
