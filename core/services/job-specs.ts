import { join, posix } from "node:path";
import { expandCommand } from "../../shared/placeholders.ts";
import type { EvaluatePlan, Experiment, ModelInterface } from "../../shared/schemas/experiment.ts";
import { secretUses } from "../../shared/schemas/secrets.ts";
import type { SampleSet } from "../../shared/schemas/run-folder.ts";
import type { ParameterValue } from "../../shared/schemas/scalars.ts";
import type { CatalogAttack } from "../catalog/attacks.ts";
import type { CatalogDataset } from "../catalog/datasets.ts";
import type { CatalogThreatModel } from "../catalog/evaluations.ts";
import type { JobSpec } from "../domain/job-spec.ts";
import type { StoredFile } from "../domain/ports.ts";
import { sha256 } from "../platform/sha256.ts";

type Limits = Pick<EvaluatePlan, "resources" | "time_limit" | "silence_limit" | "retries">;

/** What a job's stage says of resources and limits. */
function limitsOf(stage: Limits) {
  return {
    resources: stage.resources,
    timeLimit: stage.time_limit,
    silenceLimit: stage.silence_limit,
    retries: stage.retries,
  };
}

function datasetInput(dataset: CatalogDataset | null) {
  return dataset
    ? { dataset: { name: dataset.name, hash: dataset.hash, folder: dataset.folder } }
    : {};
}

/** The runner that a job is for. */
export function runnerFor({ container }: JobSpec): "process" | "docker" {
  return container ? "docker" : "process";
}

/** What an experiment's jobs run in; nothing for this machine itself. */
export function containerOf(
  { name, image, network }: Experiment,
  codeTree: string,
): Pick<JobSpec, "container"> {
  if (image === undefined) return {};
  if (typeof image === "string") return { container: { image: { name: image }, network } };
  const { build, dockerfile, args, secrets } = image;
  const content = [
    codeTree,
    build,
    dockerfile,
    Object.entries(args).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    // Names alone: a value that was changed makes no other image.
    ...(secrets ? [secrets.toSorted()] : []),
  ];
  return {
    container: {
      image: {
        build: posix.join("in/code", build),
        dockerfile,
        args,
        ...(secrets && { secrets }),
        hash: sha256(JSON.stringify(content)),
        label: name,
      },
      network,
    },
  };
}

/** Of train and test alone: attacks, and models that others made, are given none. */
function secretsOf({ secrets }: Experiment): Pick<JobSpec, "secrets"> {
  const uses = secretUses(secrets);
  return uses.length > 0 ? { secrets: uses } : {};
}

type Run = {
  parameters: Record<string, ParameterValue>;
  seed: number;
  codeTree: string;
  dataset: CatalogDataset | null;
};

export function trainSpec(experiment: Experiment, run: Run): JobSpec {
  const { train } = experiment;
  return {
    stage: "train",
    command: expandCommand(train.command, { ...run.parameters, seed: run.seed }),
    cwd: "in/code",
    env: experiment.env,
    ...secretsOf(experiment),
    parameters: run.parameters,
    seed: run.seed,
    ...limitsOf(train),
    ...containerOf(experiment, run.codeTree),
    inputs: { code: run.codeTree, ...datasetInput(run.dataset) },
    model: experiment.model,
    checkpoint: train.checkpoint,
  };
}

export function testSpec(
  experiment: Experiment,
  test: NonNullable<Experiment["test"]>,
  run: Run & { modelTree: string | null; samples: SampleSet | undefined },
): JobSpec {
  return {
    stage: "test",
    command: expandCommand(test.command, { ...run.parameters, seed: run.seed }),
    cwd: "in/code",
    env: experiment.env,
    ...secretsOf(experiment),
    parameters: run.parameters,
    seed: run.seed,
    ...limitsOf(test),
    ...containerOf(experiment, run.codeTree),
    inputs: {
      code: run.codeTree,
      ...(run.modelTree ? { model: run.modelTree } : {}),
      ...datasetInput(run.dataset),
    },
    model: experiment.model,
    samples: run.samples,
  };
}

export type EvaluationSubject = {
  modelTree: string;
  codeTree: string;
  interface: ModelInterface;
  dataset: CatalogDataset;
  attack: CatalogAttack;
  threat: CatalogThreatModel;
  limits: Limits;
  /** Where the model's own experiment runs. */
  container: JobSpec["container"];
};

function askingSpec(installation: string, program: string, subject: EvaluationSubject) {
  return {
    command: ["node", join(installation, "agent", program, "main.ts")],
    cwd: "." as const,
    env: {},
    parameters: {},
    // Evaluations of one model by one attack are the same wherever and whenever they run.
    seed: 0,
    ...limitsOf(subject.limits),
    ...(subject.container && { container: subject.container }),
    model: subject.interface,
    threatModel: subject.threat.threat,
    samples: subject.threat.sampleSet,
  };
}

export function evaluateSpec(installation: string, subject: EvaluationSubject): JobSpec {
  return {
    stage: "evaluate",
    ...askingSpec(installation, "evaluate", subject),
    inputs: {
      code: subject.codeTree,
      model: subject.modelTree,
      attack: subject.attack.tree,
      ...datasetInput(subject.dataset),
    },
    attack: subject.attack.definition,
  };
}

/** A verify job sees the evaluation's files and the model, never the attack. */
export function verifySpec(
  installation: string,
  subject: EvaluationSubject,
  evaluated: readonly StoredFile[],
): JobSpec {
  const wanted = new Set(["out/samples.jsonl", "out/adversarial.npy"]);
  return {
    stage: "verify",
    ...askingSpec(installation, "verify", subject),
    inputs: {
      code: subject.codeTree,
      model: subject.modelTree,
      ...datasetInput(subject.dataset),
      files: evaluated
        .filter(({ path }) => wanted.has(path))
        .map(({ path, sha256 }) => ({ path: path.replace(/^out\//, "in/evaluation/"), sha256 })),
    },
  };
}
