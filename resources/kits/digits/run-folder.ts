/** What this kit reads of the run folder: everything a job is told. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readNpy } from "./npy.ts";

export interface Job {
  /** CPU slots; training uses as many worker threads. */
  cpus: number;
  /** The samples to test on, as indexes into a split; null when the job names none. */
  samples: { split: string; indexes: number[] } | null;
}

/** Digits as they are stored. */
export interface Digits {
  /** count * pixels bytes; 0..255 stands for [0, 1]. */
  images: Uint8Array;
  labels: Uint8Array;
  count: number;
  /** Numbers per image. */
  pixels: number;
}

/** What the user can set right; its message is a plain sentence. */
export class UserError extends Error {}

/** Runs a program of this kit: a UserError ends it with its sentence alone, without a stack. */
export async function runProgram(program: () => void | Promise<void>): Promise<void> {
  try {
    await program();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

/**
 * The folder named by an environment variable.
 *
 * @throws UserError when it is not set.
 */
export function environmentFolder(name: string, meaning: string): string {
  const folder = process.env[name];
  if (!folder)
    throw new UserError(`The environment variable ${name} is not set: it names ${meaning}.`);
  return folder;
}

/** Reads job.json. @throws Error when a part that this kit needs is missing. */
export function readJob(runFolder: string): Job {
  const file = join(runFolder, "job.json");
  const job = record(JSON.parse(readFileSync(file, "utf8")), file);
  const { cpus } = record(job.resources, `resources in ${file}`);
  if (typeof cpus !== "number" || !Number.isInteger(cpus) || cpus < 1)
    throw new Error(`resources.cpus in ${file} must be a whole number of at least 1`);
  if (job.samples === undefined) return { cpus, samples: null };
  const { split, indexes } = record(job.samples, `samples in ${file}`);
  if (typeof split !== "string" || !Array.isArray(indexes) || !indexes.every(Number.isInteger))
    throw new Error(`samples in ${file} must have a split and indexes`);
  return { cpus, samples: { split, indexes } };
}

/** Reads one split of in/dataset. @throws Error when it is not there or not in bytes. */
export function readDigits(runFolder: string, split: string): Digits {
  const folder = join(runFolder, "in", "dataset");
  const file = join(folder, "dataset.json");
  const dataset = record(JSON.parse(readFileSync(file, "utf8")), file);
  const splits = record(dataset.splits, `splits in ${file}`);
  const names = record(splits[split], `split ${split} in ${file}`);
  const images = readNpy(join(folder, String(names.images)));
  const labels = readNpy(join(folder, String(names.labels)));
  const count = images.shape[0];
  if (!(images.data instanceof Uint8Array) || !(labels.data instanceof Uint8Array))
    throw new Error(`images and labels of split ${split} must be uint8`);
  if (labels.data.length !== count)
    throw new Error(`split ${split} has ${count} images but ${labels.data.length} labels`);
  return {
    images: images.data,
    labels: labels.data,
    count,
    pixels: images.data.length / count,
  };
}

function record(value: unknown, where: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error(`expected an object: ${where}`);
  return Object.fromEntries(Object.entries(value));
}
