/** Run folders for the tests of the agent's programs: made, run and read back with real processes. */
import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { parse } from "yaml";
import { uniformGenerator } from "../../core/domain/seed.ts";
import { decodeNpy, encodeNpy } from "../../shared/npy.ts";
import { attackPackSchema } from "../../shared/schemas/attack.ts";
import { sampleId } from "../../shared/schemas/dataset.ts";
import type { JobFile } from "../../shared/schemas/run-folder.ts";
import { sampleRecordSchema, verifiedRecordSchema } from "../../shared/schemas/samples.ts";

const fixtures = join(import.meta.dirname, "../../tests/fixtures");

/** A linear classifier of 2x2 images in three classes. */
export const linear = {
  weights: [
    [2, -1, 0.5, 0],
    [-1, 2, 0, 0.5],
    [0, -0.5, 1, 2],
  ],
  bias: [0.2, 0.1, -0.6],
};
export const shape = [1, 2, 2];
export const size = 4;
export const classes = 3;

/** Logits of the linear classifier, in float64. */
export function linearLogits(x: ArrayLike<number>): number[] {
  return linear.weights.map((row, k) =>
    row.reduce((sum, weight, j) => sum + weight * (x[j] ?? 0), linear.bias[k] ?? 0),
  );
}

export function largestOf(logits: number[]): number {
  return logits.indexOf(Math.max(...logits));
}

export type FolderOptions = {
  /** Folder of tests/fixtures/models. */
  model: string;
  /** Folder of tests/fixtures/attacks, and the attack's name there. */
  attack?: [folder: string, name: string];
  count?: number;
  /** Positions whose label is not what the linear classifier says. */
  mislabelled?: number[];
  threat?: Partial<NonNullable<JobFile["threat_model"]>>;
  dtype?: "uint8" | "float32";
};

export type TestFolder = {
  root: string;
  job: JobFile;
  labels: number[];
  /** Clean samples as the dataset gives them. */
  x: Float32Array;
};

const loads: Record<string, NonNullable<JobFile["model"]>> = {
  "linear-js": modelOf({ load: "model.js:load" }),
  "nan-js": modelOf({ load: "model.js:load" }),
  "unstable-js": modelOf({ load: "model.js:load" }),
  "linear-py": modelOf({ load: "model.py:load" }),
  "linear-served": modelOf({ serve: ["node", "serve.mjs", "{port}"] }),
};

function modelOf(how: { load: string } | { serve: string[] }): NonNullable<JobFile["model"]> {
  return { ...how, input: { shape, layout: "NCHW", bounds: [0, 1] } };
}

/** Makes a run folder with 60 samples (two groups) in a temporary folder. */
export async function makeRunFolder(options: FolderOptions): Promise<TestFolder> {
  const root = await mkdtemp(join(tmpdir(), "gauntlet-agent-"));
  const { count = 60, mislabelled = [3, 55], dtype = "uint8" } = options;
  await cp(join(fixtures, "models", options.model), join(root, "in/code"), { recursive: true });
  await mkdir(join(root, "in/model"), { recursive: true });
  await mkdir(join(root, "in/dataset"), { recursive: true });
  await mkdir(join(root, "out"));
  await writeFile(join(root, "in/model/weights.json"), JSON.stringify(linear));
  const { x, labels } = await writeDataset(join(root, "in/dataset"), count, mislabelled, dtype);
  const job: JobFile = {
    schema: 1,
    job: "job-1",
    attempt: 1,
    stage: options.attack ? "evaluate" : "verify",
    parameters: {},
    seed: 7,
    resources: { gpus: 0, cpus: 1 },
    gpus: [],
    model: loads[options.model],
    // Backwards, so that positions and indexes differ.
    samples: {
      split: "test",
      indexes: Array.from({ length: count }, (_, i) => count - 1 - i),
      hash: "0",
    },
    threat_model: {
      norm: "l2",
      minimal: options.threat?.epsilon === undefined,
      bounds: [0, 1],
      targeted: false,
      ...options.threat,
    },
  };
  if (options.attack) {
    const [folder, name] = options.attack;
    const from = join(fixtures, "attacks", folder);
    await cp(from, join(root, "in/attack"), { recursive: true });
    const pack = attackPackSchema.parse(parse(await readFile(join(from, "attacks.yaml"), "utf8")));
    job.attack = pack.attacks.find((attack) => attack.name === name);
  }
  await writeFile(join(root, "job.json"), JSON.stringify(job));
  return { root, job, labels: labels.toReversed(), x: reverseRows(x) };
}

async function writeDataset(
  folder: string,
  count: number,
  mislabelled: number[],
  dtype: "uint8" | "float32",
) {
  const uniform = uniformGenerator(1);
  const bytes = Uint8Array.from({ length: count * size }, () => Math.floor(uniform() * 256));
  const x = Float32Array.from(bytes, (value) => value / 255);
  const labels = Array.from({ length: count }, (_, index) => {
    const right = largestOf(linearLogits(x.subarray(index * size, (index + 1) * size)));
    return mislabelled.includes(count - 1 - index) ? (right + 1) % classes : right;
  });
  const images = [count, ...shape];
  await writeFile(
    join(folder, "images.npy"),
    encodeNpy(
      dtype === "uint8"
        ? { dtype: "|u1", shape: images, data: bytes }
        : { dtype: "<f4", shape: images, data: x },
    ),
  );
  await writeFile(
    join(folder, "labels.npy"),
    encodeNpy({ dtype: "|u1", shape: [count], data: Uint8Array.from(labels) }),
  );
  const dataset = {
    name: "squares",
    version: "1",
    classes: ["a", "b", "c"],
    input: { shape, layout: "NCHW", bounds: [0, 1] },
    splits: { test: { images: "images.npy", labels: "labels.npy", count } },
  };
  await writeFile(join(folder, "dataset.json"), JSON.stringify(dataset));
  return { x, labels };
}

function reverseRows(x: Float32Array): Float32Array {
  const rows = x.length / size;
  return x.map((_, i) => x[(rows - 1 - Math.floor(i / size)) * size + (i % size)] ?? 0);
}

export async function removeFolder(folder: TestFolder): Promise<void> {
  await rm(folder.root, { recursive: true, force: true });
}

export type Ended = { status: number | null; stdout: string; stderr: string };

/** Runs one of the agent's programs on a folder, as a runner does. */
export async function runAgent(
  program: "evaluate" | "verify",
  folder: TestFolder,
  env: Record<string, string> = {},
): Promise<Ended> {
  const main = join(import.meta.dirname, "..", program, "main.ts");
  const child = spawn(process.execPath, [main], {
    cwd: folder.root,
    env: {
      ...process.env,
      PATH: [env["PATH"] ?? "", dirname(process.execPath), process.env["PATH"] ?? ""].join(
        delimiter,
      ),
      GAUNTLET_RUN_DIR: folder.root,
      ...(env["PYTHONPATH"] !== undefined && { PYTHONPATH: env["PYTHONPATH"] }),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => (stdout += String(chunk)));
  child.stderr.on("data", (chunk) => (stderr += String(chunk)));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  return { status, stdout, stderr };
}

/** The records, array and summary that an evaluate job left. */
export async function readEvaluation(folder: TestFolder) {
  const text = await readFile(join(folder.root, "out/samples.jsonl"), "utf8");
  const array = decodeNpy(await readFile(join(folder.root, "out/adversarial.npy")));
  if (array.dtype !== "<f4") throw new Error(`adversarial.npy is ${array.dtype}`);
  const summary: unknown = JSON.parse(
    await readFile(join(folder.root, "out/summary.json"), "utf8"),
  );
  const records = text
    .trimEnd()
    .split("\n")
    .map((line) => sampleRecordSchema.parse(JSON.parse(line)));
  return { records, array, summary };
}

/** Turns an evaluate job's folder into a verify job's: its results become in/evaluation/. */
export async function toVerifyFolder(folder: TestFolder): Promise<void> {
  const { root, job } = folder;
  await mkdir(join(root, "in/evaluation"), { recursive: true });
  for (const file of ["samples.jsonl", "adversarial.npy"])
    await cp(join(root, "out", file), join(root, "in/evaluation", file));
  await rm(join(root, "out"), { recursive: true });
  await rm(join(root, "in/attack"), { recursive: true });
  await mkdir(join(root, "out"));
  const { attack: _, ...rest } = job;
  await writeFile(join(root, "job.json"), JSON.stringify({ ...rest, stage: "verify" }));
}

/** The verdicts and summary that a verify job left. */
export async function readVerification(folder: TestFolder) {
  const text = await readFile(join(folder.root, "out/verified.jsonl"), "utf8");
  const summary: unknown = JSON.parse(
    await readFile(join(folder.root, "out/summary.json"), "utf8"),
  );
  const records = text
    .trimEnd()
    .split("\n")
    .map((line) => verifiedRecordSchema.parse(JSON.parse(line)));
  return { records, summary };
}

/** Ids in the order of the sample set. */
export function idsOf({ job }: TestFolder): string[] {
  const indexes = job.samples?.indexes ?? [];
  return indexes.map((index) => sampleId("test", index));
}
