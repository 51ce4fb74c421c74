/**
 * Every failure a user can meet. Adapters translate library errors to these at the edge; the UI
 * shows message and hint, the CLI prints them and exits with the status of the class.
 */

/** Exit statuses of the CLI, one per class of error. */
export const exitStatus = {
  internal: 1,
  usage: 2,
  input: 3,
  "not-found": 4,
  conflict: 5,
  environment: 6,
  "job-failed": 7,
  incomplete: 8,
} as const;
export type ErrorClass = keyof typeof exitStatus;

type Entry = { class: ErrorClass; retryable: boolean; hint: string };

const entry = (errorClass: ErrorClass, hint: string, retryable = false): Entry => ({
  class: errorClass,
  retryable,
  hint,
});

/** The closed list. `hint` is the default; an error may carry a better one. */
export const errorCodes = {
  INTERNAL: entry("internal", "This is a fault in Gauntlet. Please report it with the log id."),
  USAGE: entry("usage", "See gauntlet --help."),
  SPEC_NOT_FOUND: entry("input", "gauntlet init makes a gauntlet.yaml in this folder."),
  EXPERIMENT_EXISTS: entry("conflict", "Name a folder that is new or empty."),
  PATH_NOT_ABSOLUTE: entry("input", "Write all of it, from / or ~ on."),
  FOLDER_NOT_WRITABLE: entry("environment", "Name a folder in which you may write."),
  SPEC_INVALID: entry("input", "Mend the lines named above; the schema is in resources/schema."),
  PARAMETER_UNKNOWN: entry("input", "Declare it under parameters in gauntlet.yaml."),
  PARAMETER_INVALID: entry("input", "See the parameter's type and range in gauntlet.yaml."),
  CODE_TOO_LARGE: entry(
    "input",
    "Put the folder under git and ignore data and results, or move them out of the folder.",
  ),
  IMPORT_INVALID: entry(
    "input",
    "Give the whole docker run line in single quotes, or a file of it: gauntlet import - < run.sh.",
  ),
  FILE_EXISTS: entry("conflict", "Nothing is overwritten: name another folder with --folder."),
  FOLDER_UNWRITABLE: entry("environment", "Name another folder with --folder."),
  RUNNER_UNSUPPORTED: entry("internal", "Another version of Gauntlet has queued this job."),
  ATTACKS_INVALID: entry("input", "Mend attacks.yaml as named above."),
  ATTACK_NOT_FOUND: entry("not-found", "gauntlet attacks lists what there is."),
  ATTACK_CHANGED: entry("conflict", "Raise its version in attacks.yaml: results name a version."),
  ATTACK_SET_NOT_FOUND: entry("not-found", "gauntlet attacks sets lists what there is."),
  NO_ACTIVE_SET: entry("not-found", "gauntlet attacks activate SET chooses one."),
  THREAT_MODEL_NOT_FOUND: entry("not-found", "gauntlet leaderboard --json names the one in use."),
  DATASET_NOT_FOUND: entry("not-found", "gauntlet datasets lists what there is."),
  DATASET_INVALID: entry("input", "A packed dataset is a folder with dataset.json and .npy files."),
  DATASET_UNRECOGNISED: entry("input", "docs/guide/datasets.md shows the layouts that are read."),
  DATASET_SIZES_DIFFER: entry("input", "Give --size HxW to bring all images to one size."),
  DATASET_SOURCE_DAMAGED: entry("input", "Fetch or write the file anew, or leave it out."),
  DATASET_PACKING_FAILED: entry(
    "environment",
    "The details say what it died of; with little memory, add a part of it or give a --size.",
  ),
  DATASET_CHANGED: entry(
    "conflict",
    "The files on disk are not what was registered. Restore them or add them as a new version.",
  ),
  DATASET_DROPPED: entry(
    "conflict",
    "It is packed again when a job needs it, or now when it is added again.",
  ),
  DATASET_SOURCE_GONE: entry(
    "conflict",
    "Put its source back where it was, or add the dataset from where it is now.",
  ),
  DATASET_SOURCE_CHANGED: entry(
    "conflict",
    "Put its source back as it was; to use it as it is now, add it as a new version.",
  ),
  DATASET_TOO_SMALL: entry("input", "Ask for fewer samples."),
  MODEL_NOT_FOUND: entry("not-found", "gauntlet models list shows what there is."),
  MODEL_INVALID: entry("input", "A model needs load (FILE:FUNCTION) or serve, and an input shape."),
  RUN_NOT_FOUND: entry("not-found", "gauntlet runs list shows what there is."),
  FILE_NOT_FOUND: entry("not-found", "gauntlet runs show RUN lists its files."),
  SWEEP_NOT_FOUND: entry("not-found", "gauntlet sweeps list shows what there is."),
  QUERY_INVALID: entry("input", "docs/guide/query.md tells the query language."),
  QUERY_TOO_SLOW: entry(
    "input",
    "Narrow it down; a regular expression with nested repetition can take for ever.",
  ),
  FIELD_UNKNOWN: entry("not-found", "gauntlet runs fields lists what there is."),
  SQL_INVALID: entry("input", "gauntlet sql --help names the views and their columns."),
  NAME_AMBIGUOUS: entry("not-found", "Give more letters of the id."),
  RUN_ACTIVE: entry("conflict", "Stop it first: gauntlet runs stop RUN."),
  RUN_FAILED: entry("job-failed", "gauntlet runs show RUN tells where and why."),
  EVALUATION_INCOMPLETE: entry("incomplete", "gauntlet evaluate fills what is missing."),
  MODEL_IN_USE: entry("conflict", "Delete the evaluations that use it first."),
  CATALOG_IN_USE: entry(
    "conflict",
    "Another Gauntlet owns this data folder. Close it, or choose another folder with --data.",
    true,
  ),
  CATALOG_TOO_NEW: entry(
    "environment",
    "A newer Gauntlet wrote this catalog. Update Gauntlet, or choose another folder with --data.",
  ),
  CATALOG_DAMAGED: entry(
    "environment",
    "The newest backup is in the data folder's backups/. Keep a copy of the damaged file.",
  ),
  MIGRATION_FAILED: entry(
    "environment",
    "Nothing was changed; the backup is in the data folder's backups/.",
  ),
  DATA_FOLDER_READ_ONLY: entry(
    "environment",
    "Choose another folder with --data or GAUNTLET_DATA.",
  ),
  DISK_FULL: entry("environment", "Free some space; what was reported so far is kept.", true),
  EXPORT_FAILED: entry("environment", "Choose another file with --out."),
  ARTIFACT_MISSING: entry("environment", "The file was removed from the data folder's artifacts/."),
  ARTIFACT_REFUSED: entry("input", "Only readable regular files inside the folder can be kept."),
  ARTIFACT_DAMAGED: entry("environment", "The stored bytes do not match their hash; restore them."),
  CORE_UNREACHABLE: entry("environment", "The other Gauntlet is closing. Try again.", true),
  PORT_IN_USE: entry("environment", "Choose another with --port, or leave it out for a free one."),
  RENDERER_MISSING: entry("environment", "npm start in Gauntlet's folder builds the pages."),
  IMAGE_NOT_FOUND: entry(
    "input",
    "Check the image's name and tag; docker pull NAME tries it by hand.",
  ),
  IMAGE_FORBIDDEN: entry(
    "environment",
    "docker login REGISTRY, as the user who runs Gauntlet, then run it again.",
  ),
  IMAGE_LIMITED: entry(
    "environment",
    "docker login raises the limit of most registries; else run it again later.",
  ),
  IMAGE_UNAVAILABLE: entry(
    "environment",
    "docker pull NAME tries it by hand; run it again once that works.",
    true,
  ),
  IMAGE_BUILD_FAILED: entry("input", "The log says at which step. docker build tries it by hand."),
  IMAGE_WITHOUT_SHELL: entry(
    "input",
    "Take the secret as a file, secrets: { NAME: { file: NAME } } in gauntlet.yaml; its path is in NAME_FILE.",
  ),
  IMAGE_BUILD_NEEDS_BUILDX: entry(
    "environment",
    "Install Docker's buildx plugin (package docker-buildx-plugin, or docker-buildx), or take secrets out of image in gauntlet.yaml.",
  ),
  DOCKER_UNREACHABLE: entry(
    "environment",
    "Start Docker (systemctl start docker, or Docker Desktop). Jobs go on as soon as it answers.",
  ),
  DOCKER_FORBIDDEN: entry(
    "environment",
    "Add yourself to the docker group (sudo usermod -aG docker $USER) and log in again.",
  ),
  DOCKER_DISK_FULL: entry(
    "environment",
    "docker system df shows what takes it, docker image prune frees some. Jobs go on once there is space.",
    true,
  ),
  DOCKER_GPUS_UNAVAILABLE: entry(
    "environment",
    "Install the NVIDIA Container Toolkit, then sudo nvidia-ctk runtime configure --runtime=docker and restart Docker.",
  ),
  GPUS_LACKING: entry(
    "environment",
    "Ask for fewer under resources in gauntlet.yaml; gauntlet doctor tells which GPUs there are.",
  ),
  SECRET_MISSING: entry("input", "gauntlet secrets set NAME keeps its value on this machine."),
  SECRET_NOT_FOUND: entry("not-found", "gauntlet secrets list shows what there is."),
  SECRET_INVALID: entry(
    "input",
    "A secret is text of 1 to 32,768 characters without NUL; its name has letters, digits and '_'.",
  ),
  SECRETS_EXPOSED: entry(
    "environment",
    "Take the others' rights away with chmod 600, and change the secrets where they are from.",
  ),
  SECRETS_UNREADABLE: entry(
    "environment",
    "Move the file away and set the secrets again: gauntlet secrets set NAME.",
  ),
  SECRET_SEALED: entry(
    "environment",
    "The desktop window has sealed it: keep the window open, or set it anew with gauntlet secrets set NAME.",
  ),
  DOCKER_REFUSED: entry("environment", "The details are the engine's own words."),
  CHALLENGE_MODEL_NOT_READY: entry(
    "job-failed",
    "It must listen on 0.0.0.0 at MODEL_PORT and answer GET / with status 200; --set-up gives it more time.",
  ),
  CHALLENGE_MODEL_FAILED: entry(
    "job-failed",
    "The details are its last words. docs/guide/challenge-2018.md tells what a model must answer.",
  ),
  CHALLENGE_STOPPED: entry("conflict", "Nothing of it is left; run it again."),
  PYTHON_MISSING: entry("environment", "Install Python 3.8 or newer, or put python3 on PATH."),
} as const satisfies Record<string, Entry>;
export type ErrorCode = keyof typeof errorCodes;

export function isErrorCode(text: unknown): text is ErrorCode {
  return typeof text === "string" && Object.hasOwn(errorCodes, text);
}

/** What crosses a transport and what `--json` prints. */
export type ErrorData = {
  code: ErrorCode;
  message: string;
  /** More lines, such as the places in a file; null where the sentence says it all. */
  details: string | null;
  hint: string;
  retryable: boolean;
};

/** An expected failure. `message` is one sentence that says what is, `hint` what to do. */
export class GauntletError extends Error {
  override readonly name = "GauntletError";
  readonly code: ErrorCode;
  readonly details: string | null;
  readonly hint: string;
  readonly retryable: boolean;

  constructor(
    code: ErrorCode,
    message: string,
    options: { details?: string; hint?: string; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.details = options.details ?? null;
    this.hint = options.hint ?? errorCodes[code].hint;
    this.retryable = errorCodes[code].retryable;
  }

  toData(): ErrorData {
    return {
      code: this.code,
      message: this.message,
      details: this.details,
      hint: this.hint,
      retryable: this.retryable,
    };
  }
}

/** What is and what to do, for places that have one text only. */
export function withHint({ message, hint }: Pick<ErrorData, "message" | "hint">): string {
  return `${message} ${hint}`;
}

/** The exit status of a command that ended with this error. */
export function exitStatusOf(code: ErrorCode): number {
  return exitStatus[errorCodes[code].class];
}
