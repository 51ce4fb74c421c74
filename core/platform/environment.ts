import { readFile } from "node:fs/promises";
import { arch, cpus, hostname, platform, release, totalmem } from "node:os";
import { basename, join } from "node:path";
import type { ImageContents } from "../domain/ports.ts";
import { listGpus } from "./gpus.ts";
import { packagesScript, readPackages } from "./python-packages.ts";
import { runProgram } from "./run-program.ts";

/** Where a job runs and with what: kept with each attempt. */
export type Environment = {
  host: {
    name: string;
    system: string;
    cpu: string;
    cpus: number;
    /** Bytes. */
    memory: number;
  };
  gpus: { index: number; name: string; driver: string }[];
} & ImageContents;

/**
 * Describes this machine and the packages that a command's interpreter would load. Never rejects:
 * it is asked beside a launch, and what cannot be told is left out.
 */
export async function describeEnvironment(
  command: readonly string[],
  folder: string,
): Promise<Environment> {
  const [gpus, packages] = await Promise.all([listGpus(), packagesOf(command[0] ?? "", folder)]);
  const processors = cpus();
  return {
    host: {
      name: hostname(),
      system: `${platform()} ${release()} ${arch()}`,
      cpu: processors[0]?.model.trim() ?? "unknown",
      cpus: processors.length,
      memory: totalmem(),
    },
    gpus: gpus.map(({ index, name, driver }) => ({ index, name, driver })),
    ...packages,
  };
}

const nothing: ImageContents = { runtime: null, cuda: null, packages: {} };

/** Interpreters asked already: listing packages takes Python tenths of a second. */
const pythonPackages = new Map<string, Promise<ImageContents>>();

async function packagesOf(program: string, folder: string): Promise<ImageContents> {
  const name = basename(program);
  if (/^python([\d.]*)$/.test(name)) {
    const asked = pythonPackages.get(program) ?? askPython(program);
    pythonPackages.set(program, asked);
    return asked;
  }
  if (name === "node")
    return { ...nothing, runtime: `Node ${process.version}`, packages: await nodePackages(folder) };
  return nothing;
}

async function askPython(program: string): Promise<ImageContents> {
  try {
    return readPackages(await runProgram(program, ["-c", packagesScript])) ?? nothing;
  } catch {
    return nothing; // The job itself will say that there is no such program.
  }
}

type Lockfile = { packages?: Record<string, { version?: string }> };

async function nodePackages(folder: string): Promise<Record<string, string>> {
  try {
    const lock = JSON.parse(await readFile(join(folder, "package-lock.json"), "utf8")) as Lockfile;
    return Object.fromEntries(
      Object.entries(lock.packages ?? {}).flatMap(([path, { version }]) =>
        path.startsWith("node_modules/") && version
          ? [[path.slice("node_modules/".length), version]]
          : [],
      ),
    );
  } catch {
    // Code without a lockfile has no packages to record; one with half a merge in it, or of another
    // form, is the user's to mend, and no job depends on it.
    return {};
  }
}
