/** What the agent's programs share: how they begin, fail and end. */
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { GauntletError } from "../shared/errors.ts";
import type { ModelInterface } from "../shared/schemas/experiment.ts";
import type { Stage } from "../shared/schemas/run-folder.ts";
import { jobFileSchema } from "../shared/schemas/run-folder.ts";
import type { ThreatModel } from "../shared/schemas/threat-model.ts";
import type { RunFolder } from "./run-folder.ts";
import { runFolder } from "./run-folder.ts";

/**
 * Runs a program to its end and leaves the process with its exit status. An expected failure is
 * told in two lines, anything else with its stack: it came out of the user's own code.
 */
export async function runProgram(main: (folder: RunFolder) => Promise<number>): Promise<never> {
  let status = 1;
  try {
    const root = process.env["GAUNTLET_RUN_DIR"];
    if (!root) throw new GauntletError("USAGE", "GAUNTLET_RUN_DIR does not name a run folder.");
    status = await main(runFolder(resolve(root)));
  } catch (error) {
    if (error instanceof GauntletError) console.error(`${error.message}\n${error.hint}`);
    else console.error(error);
  }
  // Models and attacks may leave workers, timers and sockets behind; nobody waits for those.
  process.exit(status);
}

/** Reads `job.json` and checks that it is of this stage and has what the stage needs. */
export async function readJob(folder: RunFolder, stage: Stage) {
  const path = join(folder.root, "job.json");
  const job = jobFileSchema.parse(JSON.parse(await readFile(path, "utf8")));
  const { model, samples, threat_model: threatModel } = job;
  if (job.stage !== stage) throw new GauntletError("USAGE", `This is a ${job.stage} job.`);
  if (!model || !samples || !threatModel)
    throw new GauntletError("USAGE", "job.json needs model, samples and threat_model.");
  if (threatModel.targeted)
    throw new GauntletError(
      "USAGE",
      "A targeted threat model needs a target for every sample, and job.json names none.",
    );
  return { ...job, model, samples, threatModel };
}

/**
 * Distances mean something only where model, dataset and threat model speak of the same inputs.
 * @throws GauntletError MODEL_INVALID
 */
export function checkInput(
  job: { model: ModelInterface; threatModel: ThreatModel },
  samples: { shape: number[]; bounds: [number, number] },
): void {
  const { shape, bounds } = job.model.input;
  if (String(shape) !== String(samples.shape))
    throw new GauntletError(
      "MODEL_INVALID",
      `The model takes samples of shape (${shape}), the dataset has (${samples.shape}).`,
    );
  if (String(bounds) !== String(samples.bounds))
    throw new GauntletError(
      "MODEL_INVALID",
      `The model takes values in [${bounds}], the dataset has [${samples.bounds}].`,
    );
  if (String(bounds) !== String(job.threatModel.bounds))
    throw new GauntletError(
      "MODEL_INVALID",
      `The threat model's bounds are [${job.threatModel.bounds}], the model's [${bounds}].`,
    );
}
