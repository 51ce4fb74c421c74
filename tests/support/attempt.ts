import type { Catalog } from "../../core/catalog/catalog.ts";
import type { Attempt, JobSpec } from "../../core/domain/job-spec.ts";

/** What a job may be of which only its row matters. */
export const idleSpec: JobSpec = {
  stage: "train",
  command: ["/bin/true"],
  cwd: ".",
  env: {},
  parameters: {},
  seed: 0,
  resources: { cpus: 1, gpus: 0 },
  timeLimit: 1000,
  silenceLimit: 1000,
  retries: 0,
  inputs: {},
};

/** Adds a job to a catalog that has none and begins its first attempt, in `folder`. */
export function beginAttempt({ jobs }: Catalog, folder: string): Attempt {
  jobs.add({ id: "job", runner: "process", priority: 0, spec: idleSpec });
  const job = jobs.get("job");
  if (!job) throw new Error("the job was not added");
  return jobs.engineStore.beginAttempt(job, folder, []);
}
