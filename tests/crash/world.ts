/** What one sweep under fire stands on: a data folder, an experiment, and a place for witnesses. */
import { copyFileSync, cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRouterClient } from "@orpc/server";
import { createCore } from "../../core/core.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { makeToy } from "../support/toy-dataset.ts";

/** Marks every process of a sweep, and tells the jobs where to keep their journals. */
export const worldVariable = "CRASH_WORLD";

/** What the sweep of tests/fixtures/crash/gauntlet.yaml comes to. */
export const cells = 4;
/** Samples that the experiment evaluates each model on. */
export const samples = 12;
/** Jobs of a cell: train, test, evaluate, verify. */
export const jobsOfCell = 4;

export type World = {
  folder: string;
  /** The data folder of the `gauntlet` commands. */
  data: string;
  experiment: string;
  /** `JOB.ATTEMPT.jsonl`, written by the jobs themselves. */
  journal: string;
};

const fixtures = fileURLToPath(new URL("../fixtures/", import.meta.url));

/** A data folder with a dataset and an attack, ready to be copied. */
export async function makeTemplate(): Promise<string> {
  const folder = temporaryFolder();
  const data = join(folder, "data");
  const { dataset, weights } = makeToy(30);
  const core = await createCore({ data });
  try {
    const client = createRouterClient(core.router);
    await client.datasets.add({ folder: dataset });
    await client.attacks.add({ folder: join(fixtures, "attacks", "search") });
  } finally {
    await core.close();
  }
  const experiment = join(folder, "experiment");
  cpSync(join(fixtures, "crash"), experiment, { recursive: true });
  copyFileSync(weights, join(experiment, "weights.json"));
  return folder;
}

/** A new world; what belongs to the template's paths is not copied. */
export function makeWorld(template: string): World {
  const folder = temporaryFolder();
  cpSync(template, folder, { recursive: true });
  const data = join(folder, "data");
  for (const name of ["core.sock", "owner.json"]) rmSync(join(data, name), { force: true });
  const journal = join(folder, "journal");
  mkdirSync(journal);
  mkdirSync(join(folder, "locks"));
  return { folder, data, experiment: join(folder, "experiment"), journal };
}
