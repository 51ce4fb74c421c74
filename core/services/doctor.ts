import { constants } from "node:fs";
import { access, statfs } from "node:fs/promises";
import { attackLabel } from "../../shared/schemas/attack.ts";
import { formatBytes, formatCount } from "../../shared/format.ts";
import type { CheckView } from "../../shared/views.ts";
import { networkFileSystemOf } from "../platform/data-folder.ts";
import { listGpus } from "../platform/gpus.ts";
import { runProgram } from "../platform/run-program.ts";
import type { CoreContext } from "./context.ts";
import { isAsRegistered } from "./dataset-guard.ts";

const lowDisk = 2e9;

/** Looks at all that jobs rest on and says how to mend what is amiss. */
export async function examine(context: CoreContext): Promise<CheckView[]> {
  return Promise.all([
    checkDataFolder(context),
    checkDisk(context),
    checkCatalog(context),
    checkArtifacts(context),
    checkDatasets(context),
    checkNode(),
    checkProgram("python3", ["--version"], "Only needed for models and attacks in Python."),
    checkProgram("git", ["--version"], "Only needed to record commits and uncommitted changes."),
    checkGpus(),
    checkAttacks(context),
  ]);
}

function check(
  name: string,
  state: CheckView["state"],
  detail: string,
  hint: string | null = null,
): CheckView {
  return { name, state, detail, hint };
}

async function checkDataFolder({ folders }: CoreContext): Promise<CheckView> {
  const network = networkFileSystemOf(folders.data);
  if (network)
    return check(
      "data folder",
      "warning",
      `${folders.data} is on a network file system (${network})`,
      "SQLite's locks are not safe there: choose a local folder with --data or GAUNTLET_DATA.",
    );
  try {
    await access(folders.data, constants.W_OK);
  } catch {
    const hint = "Choose another folder with --data or GAUNTLET_DATA.";
    return check("data folder", "failed", `${folders.data} cannot be written`, hint);
  }
  return check("data folder", "ok", folders.data);
}

async function checkDisk({ folders }: CoreContext): Promise<CheckView> {
  const { bavail, bsize } = await statfs(folders.data);
  const free = bavail * bsize;
  return free < lowDisk
    ? check("disk", "warning", `${formatBytes(free)} free`, "Free some space for models and logs.")
    : check("disk", "ok", `${formatBytes(free)} free`);
}

async function checkCatalog({ catalog }: CoreContext): Promise<CheckView> {
  const answer = catalog.integrity();
  return answer === "ok"
    ? check("catalog", "ok", "SQLite finds no damage")
    : check("catalog", "failed", answer, "The newest backup is in the data folder's backups/.");
}

async function checkArtifacts({ catalog, artifacts }: CoreContext): Promise<CheckView> {
  const wanted = catalog.artifacts.referenced();
  let missing = 0;
  for (const sha256 of wanted) if (!(await artifacts.has(sha256))) missing++;
  return missing === 0
    ? check("artifacts", "ok", `${formatCount(wanted.length, "stored file")}, none missing`)
    : check(
        "artifacts",
        "failed",
        `${formatCount(missing, "file")} of ${wanted.length} missing`,
        "Restore the data folder's artifacts/ from a copy.",
      );
}

async function checkDatasets(context: CoreContext): Promise<CheckView> {
  const datasets = context.catalog.datasets.list();
  const changed: string[] = [];
  for (const dataset of datasets)
    if (!(await isAsRegistered(context, dataset))) changed.push(dataset.folder);
  return changed.length === 0
    ? check("datasets", "ok", `${formatCount(datasets.length, "dataset")}, none changed`)
    : check(
        "datasets",
        "failed",
        `changed since registered: ${changed.join(", ")}`,
        "Restore the files, or add the dataset again: gauntlet datasets add FOLDER.",
      );
}

async function checkNode(): Promise<CheckView> {
  return check("node", "ok", `${process.version} at ${process.execPath}`);
}

async function checkProgram(program: string, args: string[], without: string): Promise<CheckView> {
  try {
    return check(program, "ok", (await runProgram(program, args)).trim());
  } catch {
    return check(program, "warning", "not found", without);
  }
}

async function checkGpus(): Promise<CheckView> {
  const gpus = await listGpus();
  const [first] = gpus;
  if (!first)
    return check(
      "gpus",
      "warning",
      "no NVIDIA GPU answers",
      "Jobs that ask for gpus cannot run here.",
    );
  const names = gpus.map(({ index, name }) => `${index}: ${name}`).join(", ");
  return check("gpus", "ok", `${names}; driver ${first.driver}`);
}

async function checkAttacks({ catalog }: CoreContext): Promise<CheckView> {
  const active = catalog.attacks.activeSet();
  if (!active)
    return check("attacks", "warning", "no set is active", "gauntlet attacks activate SET");
  const labels = active.attacks.map(({ definition }) => attackLabel(definition));
  return check("attacks", "ok", `${active.name}: ${labels.join(", ")}`);
}
