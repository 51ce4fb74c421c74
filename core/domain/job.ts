/** The states of a job and why it failed. Pure: no I/O, no clock. */

export const jobStates = [
  "queued",
  "starting",
  "running",
  "collecting",
  "succeeded",
  "failed",
  "cancelled",
] as const;
export type JobState = (typeof jobStates)[number];

export const terminalStates = ["succeeded", "failed", "cancelled"] as const;
export type TerminalState = (typeof terminalStates)[number];

export function isTerminal(state: JobState): state is TerminalState {
  return (terminalStates as readonly string[]).includes(state);
}

/** What each state may become. Terminal states are final. */
const nextStates: Record<JobState, readonly JobState[]> = {
  queued: ["starting", "cancelled", "failed"],
  starting: ["running", "collecting", "queued", "failed", "cancelled"],
  running: ["collecting", "queued", "failed", "cancelled"],
  collecting: ["succeeded", "failed", "cancelled", "queued"],
  succeeded: [],
  failed: [],
  cancelled: [],
};

export function mayBecome(from: JobState, to: JobState): boolean {
  return nextStates[from].includes(to);
}

/** Every reason a job can fail for, with a hint and whether trying again can help. */
export const failureReasons = {
  "exit-code": {
    retryable: true,
    hint: "The last lines of the log usually say why: gauntlet runs logs RUN",
  },
  killed: {
    retryable: true,
    hint: "Something outside Gauntlet ended the program; the system's log may name it (dmesg).",
  },
  "out-of-memory": {
    retryable: false,
    hint: "Raise resources.memory in gauntlet.yaml or use a smaller batch.",
  },
  "timed-out": {
    retryable: false,
    hint: "Raise time_limit in gauntlet.yaml, or set train.checkpoint and retries to go on from a checkpoint.",
  },
  silent: {
    retryable: true,
    hint: "The program wrote neither log nor metrics for silence_limit; a hung program is not a healthy one. Raise the limit if the silence is normal.",
  },
  "command-not-found": {
    retryable: false,
    hint: "Check the first word of the command in gauntlet.yaml: it must be a program on PATH or a file of the experiment.",
  },
  "cannot-start": {
    retryable: true,
    hint: "The job's process could not be started; the raw text says what the system answered.",
  },
  "image-not-found": {
    retryable: false,
    hint: "Check the image's name and tag; docker pull NAME tries it by hand.",
  },
  "image-forbidden": {
    retryable: false,
    hint: "The registry asks for a login: docker login REGISTRY, as the user who runs Gauntlet, then run it again. Check the name, too.",
  },
  "image-unavailable": {
    retryable: true,
    hint: "The registry cannot be reached, broke off, or gives this machine no more for a while. docker pull NAME tries it by hand; docker login raises limits.",
  },
  "image-build-failed": {
    retryable: false,
    hint: "The log says at which step: gauntlet runs logs RUN. docker build tries it by hand.",
  },
  "no-shell": {
    retryable: false,
    hint: "Secrets become variables by the image's /bin/sh, and it has none. Take them as files: secrets: { NAME: { file: NAME } } in gauntlet.yaml; the path is in NAME_FILE.",
  },
  "no-buildx": {
    retryable: false,
    hint: "Secrets in builds need Docker's buildx plugin: install docker-buildx-plugin (or docker-buildx), or take secrets out of image in gauntlet.yaml.",
  },
  "no-gpu-runtime": {
    retryable: false,
    hint: "Docker cannot give containers a GPU: install the NVIDIA Container Toolkit, run sudo nvidia-ctk runtime configure --runtime=docker, and restart Docker (or renew its CDI specification, sudo nvidia-ctk cdi generate). gauntlet doctor checks the chain.",
  },
  unschedulable: { retryable: true, hint: "No place has the resources that the job asks for." },
  preempted: {
    retryable: true,
    hint: "The machine was taken back; the job starts again elsewhere.",
  },
  evicted: { retryable: true, hint: "The machine ran out of a resource and moved the job away." },
  "incomplete-artifacts": {
    retryable: true,
    hint: "Not everything that the program left could be kept. It is still in the run folder.",
  },
  "model-missing": {
    retryable: false,
    hint: "The training left nothing in out/model; evaluations need a model there.",
  },
  "dataset-changed": {
    retryable: false,
    hint: "The dataset's files are no longer what was registered, so that nothing it says counts. Add the dataset again to restore them: gauntlet datasets add FOLDER",
  },
  lost: {
    retryable: true,
    hint: "What it ran under is gone without a record, as after a power cut, kill -9 or a restart of Docker. It has one more try.",
  },
} as const;
export type FailureReason = keyof typeof failureReasons;

/** How a job's process ended, as its supervisor recorded it. */
export type ExitRecord = {
  /** Exit status, or null when a signal ended it or it never started. */
  code: number | null;
  signal: string | null;
  /**
   * Why the runner ended it, when it did; `stopped` when it was asked to, `place-lost` when the
   * place that it ran in went away and took it along, as Docker does when it is restarted.
   */
  endedBy: "itself" | "stopped" | "timed-out" | "silent" | "out-of-memory" | "place-lost";
  /** Set when the program could not be started: the system's error, such as ENOENT. */
  startError: { code: string; message: string } | null;
  /** Milliseconds since 1970. */
  startedAt: number;
  endedAt: number;
  /** Largest resident memory of the process tree seen, bytes; null where it could not be read. */
  peakMemory: number | null;
  /** CPU time of the process tree, seconds; null where it could not be read. */
  cpuSeconds: number | null;
  /** Bytes of output that were not kept because of the log limit. */
  logDropped: number;
};

export type Verdict =
  | { state: "succeeded" }
  | { state: "cancelled" }
  | { state: "failed"; reason: FailureReason; raw: string };

/** By the code of a start error; what runners and systems say besides is `cannot-start`. */
const startFailures: Readonly<Record<string, FailureReason>> = {
  ENOENT: "command-not-found",
  EACCES: "command-not-found",
  IMAGE_NOT_FOUND: "image-not-found",
  IMAGE_FORBIDDEN: "image-forbidden",
  IMAGE_LIMITED: "image-unavailable",
  IMAGE_UNAVAILABLE: "image-unavailable",
  IMAGE_BUILD_FAILED: "image-build-failed",
  IMAGE_WITHOUT_SHELL: "no-shell",
  IMAGE_BUILD_NEEDS_BUILDX: "no-buildx",
  NO_GPU_RUNTIME: "no-gpu-runtime",
};

/** What an exit record means for its job. */
export function verdictOf(exit: ExitRecord): Verdict {
  if (exit.startError) {
    const { code, message } = exit.startError;
    return { state: "failed", reason: startFailures[code] ?? "cannot-start", raw: message };
  }
  switch (exit.endedBy) {
    case "stopped":
      return { state: "cancelled" };
    case "timed-out":
    case "silent":
    case "out-of-memory":
      return { state: "failed", reason: exit.endedBy, raw: describeExit(exit) };
    case "place-lost":
      return {
        state: "failed",
        reason: "lost",
        raw: `Docker was restarted: ${describeExit(exit)}`,
      };
    case "itself":
      if (exit.code === 0) return { state: "succeeded" };
      if (exit.signal) return { state: "failed", reason: "killed", raw: describeExit(exit) };
      return { state: "failed", reason: "exit-code", raw: describeExit(exit) };
  }
}

function describeExit(exit: ExitRecord): string {
  if (exit.signal) return `ended by ${exit.signal}`;
  return `exit status ${String(exit.code)}`;
}
