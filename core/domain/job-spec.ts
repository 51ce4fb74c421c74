import type { Attack } from "../../shared/schemas/attack.ts";
import type { ModelInterface, Resources } from "../../shared/schemas/experiment.ts";
import type { SampleSet, Stage } from "../../shared/schemas/run-folder.ts";
import type { SecretUse } from "../../shared/schemas/secrets.ts";
import type { ParameterValue } from "../../shared/schemas/scalars.ts";
import type { ThreatModel } from "../../shared/schemas/threat-model.ts";
import type { FailureReason, JobState } from "./job.ts";
import type { ImageSpec } from "./ports.ts";

/** Everything a runner's attempt needs to know, fixed when the job is queued. */
export type JobSpec = {
  stage: Stage;
  /** Placeholders are already replaced. */
  command: string[];
  /** Working directory, relative to the run folder. */
  cwd: "in/code" | "in/attack" | ".";
  env: Record<string, string>;
  /** Which secrets it is given, and how; absent for none. Their values are asked for at the start. */
  secrets?: SecretUse[];
  parameters: Record<string, ParameterValue>;
  seed: number;
  resources: Resources;
  /** Milliseconds. */
  timeLimit: number;
  silenceLimit: number;
  retries: number;
  inputs: {
    /** Tree hashes. */
    code?: string;
    model?: string;
    attack?: string;
    dataset?: { name: string; hash: string; folder: string };
    /** Single files, by their path in the run folder. */
    files?: { path: string; sha256: string }[];
  };
  model?: ModelInterface;
  attack?: Attack;
  threatModel?: ThreatModel;
  samples?: SampleSet;
  /** What it runs in; absent for this machine itself. */
  container?: { image: ImageSpec; network: boolean };
  /** Path in the run folder that the next attempt finds in `in/resume/`. */
  checkpoint?: string;
};

export type Job = {
  id: string;
  stage: Stage;
  runId: string | null;
  evaluationId: string | null;
  runner: string;
  state: JobState;
  stopRequested: boolean;
  /** Something that holds the job up without being a failure, such as an unreachable place. */
  condition: string | null;
  reason: FailureReason | null;
  raw: string | null;
  /** Number of the current attempt; 0 before the first. */
  attempt: number;
  spec: JobSpec;
};

export type Attempt = {
  id: number;
  jobId: string;
  number: number;
  folder: string;
  gpus: number[];
};
