import { chmod, mkdir, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { JobFile } from "../../shared/schemas/run-folder.ts";
import type { SecretUse } from "../../shared/schemas/secrets.ts";
import type { Attempt, Job } from "../domain/job-spec.ts";
import { GauntletError } from "../../shared/errors.ts";
import type {
  ArtifactStore,
  EngineStore,
  GivenSecret,
  LaunchSpec,
  SecretStore,
  TreeStore,
} from "../domain/ports.ts";
import { writeFileAtomic } from "../platform/atomic-file.ts";

export type RunFolderParts = {
  store: EngineStore;
  artifacts: ArtifactStore;
  trees: TreeStore;
  secrets: Pick<SecretStore, "get">;
};

const graceMs = 10_000;
const logLimitBytes = 256 * 2 ** 20;

/**
 * Fills the run folder of an attempt: `job.json`, what the job reads in `in/`, an empty `out/`.
 * Starts from nothing each time, so that repeating it after a crash is safe before the launch.
 * Secrets are in what is returned alone. Throws SECRET_MISSING for one that was removed since.
 */
export async function fillRunFolder(
  parts: RunFolderParts,
  job: Job,
  attempt: Attempt,
): Promise<LaunchSpec> {
  const { spec } = job;
  const secrets = await Promise.all((spec.secrets ?? []).map((use) => given(parts.secrets, use)));
  const run = join(attempt.folder, "run");
  await rm(run, { recursive: true, force: true });
  await mkdir(join(run, "in"), { recursive: true });
  await mkdir(join(run, "out"), { recursive: true });
  for (const [name, hash] of [
    ["code", spec.inputs.code],
    ["model", spec.inputs.model],
    ["attack", spec.inputs.attack],
  ] as const)
    if (hash) await parts.trees.materialise(parts.store.treeFiles(hash), join(run, "in", name));
  for (const file of spec.inputs.files ?? []) {
    const target = join(run, file.path);
    await mkdir(dirname(target), { recursive: true });
    await parts.artifacts.materialise(file.sha256, target);
    await chmod(target, 0o444);
  }
  // Datasets are large and shared by many jobs: linked, not copied.
  if (spec.inputs.dataset) await symlink(spec.inputs.dataset.folder, join(run, "in", "dataset"));
  await restoreCheckpoint(parts, job, attempt, run);
  await writeFileAtomic(join(run, "job.json"), JSON.stringify(jobFile(job, attempt), null, 2));
  return {
    key: { job: job.id, attempt: attempt.number },
    folder: attempt.folder,
    command: spec.command,
    cwd: join(run, spec.cwd),
    env: { ...spec.env, GAUNTLET_RUN_DIR: run },
    secrets,
    timeLimit: spec.timeLimit,
    silenceLimit: spec.silenceLimit,
    grace: graceMs,
    memoryLimit: spec.resources.memory ?? null,
    shm: spec.resources.shm ?? null,
    cpus: spec.resources.cpus,
    image: spec.container?.image ?? null,
    network: spec.container?.network ?? true,
    agent: spec.stage === "evaluate" || spec.stage === "verify",
    logLimit: logLimitBytes,
    gpus: attempt.gpus,
  };
}

async function given(store: Pick<SecretStore, "get">, use: SecretUse): Promise<GivenSecret> {
  const value = await store.get(use.name);
  if (value !== null) return { ...use, value };
  throw new GauntletError("SECRET_MISSING", `The secret ${use.name} is not set any more.`, {
    hint: `gauntlet secrets set ${use.name}; the job starts then.`,
  });
}

/** Gives the newest earlier attempt's checkpoint to this one. */
async function restoreCheckpoint(
  { store, artifacts }: RunFolderParts,
  job: Job,
  attempt: Attempt,
  run: string,
): Promise<void> {
  const { checkpoint } = job.spec;
  if (!checkpoint) return;
  for (let number = attempt.number - 1; number > 0; number--) {
    const files = store
      .filesOf(job.id, number)
      .filter(({ path }) => path === checkpoint || path.startsWith(`${checkpoint}/`));
    if (files.length === 0) continue;
    for (const { path, sha256 } of files) {
      const inside =
        path === checkpoint ? path.split("/").at(-1) : path.slice(checkpoint.length + 1);
      const target = join(run, "in", "resume", inside ?? "");
      await mkdir(dirname(target), { recursive: true });
      await artifacts.materialise(sha256, target);
    }
    return;
  }
}

function jobFile(job: Job, attempt: Attempt): JobFile {
  const { spec } = job;
  return {
    schema: 1,
    job: job.id,
    attempt: attempt.number,
    stage: spec.stage,
    run: job.runId ?? undefined,
    evaluation: job.evaluationId ?? undefined,
    parameters: spec.parameters,
    seed: spec.seed,
    resources: spec.resources,
    gpus: attempt.gpus,
    model: spec.model,
    dataset: spec.inputs.dataset && {
      name: spec.inputs.dataset.name,
      hash: spec.inputs.dataset.hash,
    },
    samples: spec.samples,
    attack: spec.attack,
    threat_model: spec.threatModel,
  };
}
