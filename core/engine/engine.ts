import { readdir, rm } from "node:fs/promises";
import { setTimeout as setTimeoutPromise } from "node:timers/promises";
import { dirname, join } from "node:path";
import { GauntletError, withHint } from "../../shared/errors.ts";
import { isTerminal } from "../domain/job.ts";
import type { Attempt, Job } from "../domain/job-spec.ts";
import type {
  EngineStore,
  ForeignGpuUsers,
  Observation,
  Runner,
  SecretStore,
} from "../domain/ports.ts";
import {
  type Action,
  type Active,
  type ForeignUsers,
  heldGpus,
  isRetried,
  plan,
  type Slots,
} from "../domain/plan.ts";
import { describeEnvironment, type Environment } from "../platform/environment.ts";
import { isErrno } from "../platform/errno.ts";
import { collectAttempt, type CollectParts } from "./collect.ts";
import { createImageContents } from "./image-contents.ts";
import { ingestAttempt } from "./ingest.ts";
import { createFailures } from "./failures.ts";
import { createGpuWatch } from "./gpu-watch.ts";
import { createProblems } from "./problems.ts";
import { fillRunFolder } from "./run-folder.ts";

export type EngineOptions = CollectParts & {
  store: EngineStore;
  secrets: Pick<SecretStore, "get">;
  runners: ReadonlyMap<string, Runner>;
  slots: Slots;
  /**
   * Brings back what a job needs and is not there, such as a dataset that made room. True where that
   * was done. What it throws becomes the job's condition, and it is asked again; the signal is aborted
   * when the job is not to begin any more.
   */
  provide(job: Job, signal: AbortSignal): Promise<boolean>;
  /** Aborted when the core is about to end: what ends with that is no failure. */
  closing: AbortSignal;
  foreignGpuUsers: ForeignGpuUsers;
  /** Folder of the attempts' folders. */
  jobsFolder: string;
  /** Milliseconds between two looks at running jobs. */
  interval: number;
  onError(error: unknown, job: Job | null): void;
};

export type Engine = ReturnType<typeof createEngine>;

const nobody: ForeignUsers = new Map();

/** Time in which a job's metrics are read before it is the others' turn, ms. */
const readingTime = 50;

/**
 * The reconcile loop: looks at what runs, plans, acts, and looks again, while anything is under
 * way. An action that fails (a full disk, a place out of reach) becomes the job's condition and is
 * tried again; it never loses the job.
 */
export function createEngine(options: EngineOptions) {
  const { store } = options;
  let working = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let current: Promise<void> | undefined;
  let wakeAgain = false;
  const failures = createFailures(() => performance.now());
  const gpuWatch = createGpuWatch(options.foreignGpuUsers, () => performance.now(), wake);
  const environments = new Map<number, Promise<Environment>>();
  const busy = new Map<string, Promise<void>>();
  const providing = new Map<string, AbortController>();
  const contents = createImageContents(options);

  function runnerOf(job: Job): Runner {
    const runner = options.runners.get(job.runner);
    if (!runner) throw new GauntletError("RUNNER_UNSUPPORTED", `There is no runner ${job.runner}.`);
    return runner;
  }

  async function act(action: Action): Promise<void> {
    const { job } = action;
    switch (action.kind) {
      case "begin": {
        // It may have taken long: what else is to begin, and with which GPUs, is planned anew.
        if ((await provide(job)) || store.job(job.id)?.stopRequested !== false) return;
        const folder = join(options.jobsFolder, job.id, String(job.attempt + 1));
        const attempt = store.beginAttempt(job, folder, action.gpus);
        await launch({ ...job, attempt: attempt.number }, attempt);
        return;
      }
      case "launch":
        await launch(job, action.attempt);
        return;
      case "mark-running":
        store.markRunning(job, action.attempt, action.since);
        await contents.look(runnerOf(job), job, action.attempt);
        return;
      case "stop":
        await runnerOf(job).stop(action.attempt.folder, {
          job: job.id,
          attempt: action.attempt.number,
        });
        return;
      case "set-condition":
        store.setCondition(job, action.condition);
        return;
      case "cancel-queued":
        store.endQueued(job, { state: "cancelled" });
        return;
      case "refuse":
        store.endQueued(job, { state: "failed", reason: action.reason, raw: action.raw });
        return;
      case "collect":
        await collect(action);
    }
  }

  /** As the option; true as well where the job is not to begin any more. */
  async function provide(job: Job): Promise<boolean> {
    const unwanted = new AbortController();
    providing.set(job.id, unwanted);
    try {
      return await options.provide(job, unwanted.signal);
    } catch (error) {
      if (unwanted.signal.aborted || options.closing.aborted) return true;
      throw error;
    } finally {
      providing.delete(job.id);
    }
  }

  async function launch(job: Job, attempt: Attempt): Promise<void> {
    // The look that planned this may be older than a launch; filling the folder of a job that
    // runs would take its results away.
    const key = { job: job.id, attempt: attempt.number };
    if ((await runnerOf(job).observe(attempt.folder, key)).kind !== "absent") return;
    const spec = await fillRunFolder(options, job, attempt);
    await runnerOf(job).launch(spec);
    // Listing an interpreter's packages is slow and must not hold up the launch.
    environments.set(attempt.id, describe(job.spec, spec.cwd));
  }

  /** Asked at the launch; asked again for an attempt that an earlier engine launched. */
  async function environmentOf(job: Job, attempt: Attempt): Promise<Record<string, unknown>> {
    const code = join(attempt.folder, "run", "in", "code");
    const described = environments.get(attempt.id) ?? describe(job.spec, code);
    environments.delete(attempt.id);
    const container = await runnerOf(job).surroundings?.(attempt.folder);
    return { ...(await described), ...(container && { container }) };
  }

  /** Of a container's packages this machine knows nothing: its image is looked into instead. */
  function describe({ command, container }: Job["spec"], code: string): Promise<Environment> {
    return describeEnvironment(container ? [] : command, code);
  }

  async function collect(action: Extract<Action, { kind: "collect" }>) {
    const { job, attempt } = action;
    store.markCollecting(job, attempt);
    // It may have ended before it was seen to run.
    await contents.look(runnerOf(job), job, attempt);
    await runnerOf(job).release(attempt.folder, { job: job.id, attempt: attempt.number });
    const problems = createProblems();
    await problems.guard("out/metrics.jsonl", () => readRest(attempt), null);
    const { result, again } = await options.artifacts.keeping(async () => {
      const result = await collectAttempt(options, job, attempt, action, problems);
      result.collected.environment = await environmentOf(job, attempt);
      const again = isRetried(job, result.verdict);
      store.endAttempt(job, attempt, result.verdict, result.collected, again);
      return { result, again };
    });
    if (result.verdict.state === "failed" && result.verdict.reason === "incomplete-artifacts")
      return; // What could not be kept stays where it is, for a person to look at.
    // The folder of the job holds nothing else once no further attempt comes.
    const folder = again ? attempt.folder : dirname(attempt.folder);
    await rm(folder, { recursive: true, force: true });
  }

  /** A job that has just ended stands among the failures until the next look. */
  function isUnfinished(id: string): boolean {
    const job = store.job(id);
    return job !== undefined && !isTerminal(job.state);
  }

  /** Removes folders of ended jobs, which a crash between the last commit and here has left. */
  async function sweepFolders(): Promise<void> {
    for (const id of await readdir(options.jobsFolder).catch(() => [])) {
      const job = store.job(id);
      if (job && (!isTerminal(job.state) || job.reason === "incomplete-artifacts")) continue;
      await rm(join(options.jobsFolder, id), { recursive: true, force: true });
    }
  }

  /** Starts an action unless its job is still busy with one, or this one waits after a failure. */
  function start(action: Action): void {
    const { job } = action;
    const what = triedBy(action);
    // It ends what the job is busy with, and has its turn then.
    if (action.kind === "cancel-queued") providing.get(job.id)?.abort(new Error("cancelled"));
    if (busy.has(job.id) || failures.mustWait(job.id, what)) return;
    // Other work may have moved the job on since the look that planned this.
    const now = store.job(job.id);
    if (now?.state !== job.state || now.attempt !== job.attempt) return;
    const work = act(action).then(
      () => failures.clear(job.id, what),
      (error: unknown) => actionFailed(action, error),
    );
    const done = work.finally(() => {
      busy.delete(job.id);
      wake();
    });
    busy.set(job.id, done);
  }

  function actionFailed(action: Action, error: unknown): void {
    const { job, kind } = action;
    options.onError(error, job);
    // What a condition is about is known already.
    const why = kind === "set-condition" ? null : conditionOf(error);
    failures.note(job.id, triedBy(action), why);
    if (why === null || store.job(job.id)?.condition === why) return;
    try {
      store.setCondition(job, why);
    } catch (second) {
      options.onError(second, job); // A full disk refuses this as well; the next round tries again.
    }
  }

  /** What is to be seen of a job. Whatever is wrong with it is its own, and holds up no other. */
  async function look({ job, attempt }: { job: Job; attempt: Attempt }): Promise<Active> {
    let observation: Observation;
    try {
      const key = { job: job.id, attempt: attempt.number };
      observation = await runnerOf(job).observe(attempt.folder, key);
    } catch (error) {
      observation = { kind: "unreachable", detail: conditionOf(error) };
      if (job.condition !== observation.detail) options.onError(error, job);
    }
    if (observation.kind === "running" && !busy.has(job.id)) await read(job, attempt);
    return { job, attempt, observation, trouble: failures.why(job.id) };
  }

  /**
   * Reads a part of what a job has reported, and while there is more gives everybody else as much
   * time as it took: a job that reports faster than can be kept must not take the whole loop.
   */
  async function readPart(attempt: Attempt, ended: boolean): Promise<boolean> {
    const started = performance.now();
    const atEnd = await ingestAttempt(store, attempt, ended, started + readingTime);
    if (!atEnd) await setTimeoutPromise(performance.now() - started);
    return atEnd;
  }

  async function readRest(attempt: Attempt): Promise<void> {
    let atEnd = false;
    while (!atEnd) atEnd = await readPart(attempt, true);
  }

  async function read(job: Job, attempt: Attempt): Promise<void> {
    if (failures.mustWait(job.id, "read")) return;
    try {
      if (!(await readPart(attempt, false))) wakeAgain = true;
      failures.clear(job.id, "read");
    } catch (error) {
      options.onError(error, job);
      failures.note(job.id, "read", conditionOf(error));
    }
  }

  async function round(): Promise<void> {
    const active = await Promise.all(store.active().map(look));
    const queued = store.queued();
    failures.keepOnly(new Set([...queued, ...active.map(({ job }) => job)].map(({ id }) => id)));
    const starts = working && !closed && !options.closing.aborted;
    const foreign = starts && wantGpus(queued) ? gpuWatch.users(heldGpus(active)) : nobody;
    const actions = plan({ queued, active, slots: options.slots, foreign, working: starts });
    for (const action of actions) start(action);
    if (closed) return;
    if (active.length > 0 || actions.length > 0) schedule(options.interval);
    // Other programs do not tell when they leave a GPU.
    else if (foreign !== nobody) schedule(gpuWatch.interval);
  }

  /** The driver is asked only where a job could be given a GPU. */
  function wantGpus(queued: readonly Job[]): boolean {
    return (
      options.slots.gpus.length > 0 &&
      queued.some(({ stopRequested, spec }) => !stopRequested && spec.resources.gpus > 0)
    );
  }

  function schedule(delay: number): void {
    clearTimeout(timer);
    timer = setTimeout(wake, delay);
  }

  /** Looks now instead of at the next interval. */
  function wake(): void {
    if (closed) return;
    clearTimeout(timer);
    if (current) {
      wakeAgain = true;
      return;
    }
    current = round()
      .catch((error: unknown) => {
        options.onError(error, null);
        schedule(1000);
      })
      .finally(() => {
        current = undefined;
        if (!wakeAgain) return;
        wakeAgain = false;
        wake();
      });
  }

  return {
    wake,
    sweepFolders,
    /** Lets queued jobs start (or not); what runs already is looked after in any case. */
    setWorking(value: boolean): void {
      working = value;
      wake();
    },
    /** Why jobs wait, by id, where something failed: known even when the catalog's disk is full. */
    troubles: () => new Map([...failures.all()].filter(([id]) => isUnfinished(id))),
    /** What a job's attempt runs in, as far as its runner knows yet; null for this machine. */
    async surroundings(id: string, folder: string): Promise<Record<string, string> | null> {
      const job = store.job(id);
      return (job && (await runnerOf(job).surroundings?.(folder))) ?? null;
    },
    /** The job once it has ended for good. */
    async ended(id: string): Promise<Job> {
      for (;;) {
        const job = store.job(id);
        if (!job) throw new Error(`no job ${id}`);
        if (isTerminal(job.state) || closed) return job;
        await setTimeoutPromise(options.interval);
      }
    },
    /** Stops looking. Running jobs go on under their supervisors; the next engine adopts them. */
    async close(): Promise<void> {
      closed = true;
      clearTimeout(timer);
      await current;
      await Promise.all(busy.values());
      await contents.close();
    },
  };
}

/** What an action tries: a job that was begun without being launched is launched the next time. */
function triedBy({ kind }: Action): string {
  return kind === "begin" ? "launch" : kind;
}

function conditionOf(error: unknown): string {
  if (isErrno(error, "ENOSPC") || (error instanceof GauntletError && error.code === "DISK_FULL"))
    return "the disk is full; results wait in the run folder until there is space";
  if (error instanceof GauntletError) return withHint(error);
  return error instanceof Error ? error.message : String(error);
}
