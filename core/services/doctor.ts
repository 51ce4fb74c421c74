import { constants } from "node:fs";
import { access, statfs } from "node:fs/promises";
import { attackLabel } from "../../shared/schemas/attack.ts";
import { formatBytes, formatCount } from "../../shared/format.ts";
import type { GpuView } from "../../shared/overview.ts";
import type { CheckView } from "../../shared/views.ts";
import { networkFileSystemOf } from "../platform/data-folder.ts";
import { runProgram } from "../platform/run-program.ts";
import type { CoreContext } from "./context.ts";
import { isAsRegistered } from "./dataset-guard.ts";
import { checkDocker } from "./docker-checks.ts";
import { gpuReport } from "./gpus.ts";

const lowDisk = 2e9;

/** Looks at all that jobs rest on and says how to mend what is amiss. */
export async function examine(context: CoreContext): Promise<CheckView[]> {
  const [docker, ...rest] = await Promise.all([
    examineDocker(context),
    checkDataFolder(context),
    checkDisk(context),
    checkCatalog(context),
    checkArtifacts(context),
    checkDatasets(context),
    checkNode(),
    checkProgram("python3", ["--version"], "Only needed for models and attacks in Python."),
    checkProgram("git", ["--version"], "Only needed to record commits and uncommitted changes."),
    checkGpus(context),
    checkAttacks(context),
  ]);
  return [...rest, ...docker];
}

/** Looks at the chain that jobs in containers rest on. */
export async function examineDocker(context: CoreContext): Promise<CheckView[]> {
  const { gpus } = await gpuReport(context);
  return checkDocker(gpus.length > 0);
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

async function checkGpus(context: CoreContext): Promise<CheckView> {
  const { gpus, cuda, absent } = await gpuReport(context);
  if (absent !== null)
    return check(
      "gpus",
      "warning",
      absent,
      "Jobs that ask for gpus cannot run here; those that ask for none run.",
    );
  const detail = [
    gpus.map(describeGpu).join("; "),
    `driver ${gpus[0]?.driver ?? "unknown"}`,
    `CUDA ${cuda ?? "unknown"}`,
  ].join("; ");
  return gpus.some(({ processes }) => processes.some(({ foreign }) => foreign))
    ? check(
        "gpus",
        "warning",
        detail,
        "A GPU that another program uses is given to no job until that has ended.",
      )
    : check("gpus", "ok", detail);
}

/** As `0: NVIDIA L4, 36 °C, 25 W, 0 % busy, 0.3 GB of 24.2 GB, used by python (pid 7)`. */
function describeGpu({ index, name, temperature, power, processes, ...gpu }: GpuView): string {
  const others = processes.filter(({ foreign }) => foreign);
  return [
    `${index}: ${name}`,
    ...(temperature === null ? [] : [`${temperature} °C`]),
    ...(power === null ? [] : [`${Math.round(power)} W`]),
    ...(gpu.utilisation === null ? [] : [`${Math.round(gpu.utilisation * 100)} % busy`]),
    ...(gpu.memoryUsed === null
      ? []
      : [`${formatBytes(gpu.memoryUsed)} of ${formatBytes(gpu.memory)}`]),
    ...others.map((other) => `used by ${other.name} (pid ${other.pid})`),
  ].join(", ");
}

async function checkAttacks({ catalog }: CoreContext): Promise<CheckView> {
  const active = catalog.attacks.activeSet();
  if (!active)
    return check("attacks", "warning", "no set is active", "gauntlet attacks activate SET");
  const labels = active.attacks.map(({ definition }) => attackLabel(definition));
  return check("attacks", "ok", `${active.name}: ${labels.join(", ")}`);
}
