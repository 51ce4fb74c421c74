/** The files of an attempt that runs in a container, beside its run folder. */
import { statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { AttemptKey, LaunchSpec } from "../../domain/ports.ts";
import { isErrno } from "../../platform/errno.ts";

export function attemptFiles(folder: string) {
  const run = join(folder, "run");
  return {
    run,
    /** What to start: from now on the attempt may have a container. */
    launch: join(folder, "launch.json"),
    /** Which container was made for it, of which image; once it was. */
    container: join(folder, "container.json"),
    /** Exists once the attempt is asked to stop. */
    stop: join(folder, "stop.json"),
    exit: join(folder, "exit.json"),
    resources: join(folder, "resources.jsonl"),
    log: join(folder, "log"),
    /** What was said while the image was fetched or built. */
    preparation: join(folder, "preparation.log"),
    metrics: join(run, "out", "metrics.jsonl"),
    dataset: join(run, "in", "dataset"),
    model: join(run, "in", "model"),
  };
}
export type AttemptFiles = ReturnType<typeof attemptFiles>;

/** What adopting an attempt after a restart of the engine needs of its launch. */
export const launchFileSchema = z.object({
  schema: z.literal(1),
  key: z.object({ job: z.string(), attempt: z.int() }),
  command: z.array(z.string()).min(1),
  /** Milliseconds. */
  timeLimit: z.number().positive(),
  silenceLimit: z.number().positive(),
  grace: z.number().nonnegative(),
  /** Bytes. */
  logLimit: z.number().nonnegative(),
  gpus: z.array(z.int().nonnegative()),
  /** Whether its output may hold secrets; they stand in no file that lasts. */
  hasSecrets: z.boolean().default(false), // what earlier versions launched had none
});
export type LaunchFile = z.infer<typeof launchFileSchema>;

export const containerFileSchema = z.object({
  id: z.string(),
  /** As it was asked for, and what that meant when the attempt began. */
  image: z.string(),
  imageId: z.string(),
  digest: z.string().nullable(),
  /** Of the engine, such as `20.10.24`. */
  engine: z.string(),
});
export type ContainerFile = z.infer<typeof containerFileSchema>;

export function launchFile(spec: LaunchSpec): LaunchFile {
  return launchFileSchema.parse({ ...spec, schema: 1, hasSecrets: spec.secrets.length > 0 });
}

/** The container's name: one for each attempt, so that none is made twice. */
export function containerName({ job, attempt }: AttemptKey): string {
  return `gauntlet-${job}-${attempt}`;
}

/** Null where there is no such file. Throws for one that cannot be read: somebody else wrote it. */
export async function readRecord<T>(file: string, schema: z.ZodType<T>): Promise<T | null> {
  try {
    return schema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return null;
    throw error;
  }
}

/** Bytes; null where there is no such file. */
export function sizeOf(file: string): number | null {
  return statSync(file, { throwIfNoEntry: false })?.size ?? null;
}
