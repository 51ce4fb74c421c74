import { fork } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { type ErrorCode, type ErrorData, GauntletError } from "../../shared/errors.ts";
import type { ReadFunctions } from "./read-functions.ts";

/**
 * Where reads run. A thread can be ended in the middle of JavaScript, but not in the middle of a
 * statement, during which SQLite gives no way in: what users write as SQL runs in a process of its
 * own, which can be killed. Time limits are in ms from the start of the read.
 */
const lanes = {
  table: { host: "thread", timeLimit: 10_000 },
  metrics: { host: "thread", timeLimit: 10_000 },
  sql: { host: "process", timeLimit: 30_000 },
} as const;
type LaneName = keyof typeof lanes;

const laneOf: Record<keyof ReadFunctions, LaneName> = {
  runsTable: "table",
  runFields: "table",
  metricSeries: "metrics",
  metricPoints: "metrics",
  chartMetrics: "metrics",
  sparklines: "metrics",
  sql: "sql",
};

export type Reader = {
  /**
   * Runs a read function of read-functions.ts on a read-only connection, off this thread. Reads of
   * one lane run one after another. Throws what the function throws, QUERY_TOO_SLOW after the time
   * limit, and the signal's reason when it is aborted before it began.
   */
  read<Name extends keyof ReadFunctions>(
    name: Name,
    input: Parameters<ReadFunctions[Name]>[1],
    options?: { signal?: AbortSignal; timeLimit?: number },
  ): Promise<ReturnType<ReadFunctions[Name]>>;
  /** Ends all workers; what they were asked and have not answered is rejected. */
  close(): Promise<void>;
};

/** What a worker answers: the output, an expected failure, or a fault. */
export type ReadAnswer =
  | { ok: true; output: unknown }
  | { ok: false; expected: ErrorData }
  | { ok: false; fault: string };

export type ReadRequest = { name: keyof ReadFunctions; input: unknown };

/** A worker thread or a child process, once it runs. */
type Host = {
  post(request: ReadRequest): void;
  /** Whether it keeps this process alive. */
  hold(isHeld: boolean): void;
  kill(): Promise<unknown>;
};

type HostEvents = { answered(answer: ReadAnswer): void; died(why: string): void };

type Pending = ReadRequest & {
  timeLimit: number;
  signal: AbortSignal | undefined;
  resolve(output: unknown): void;
  reject(error: unknown): void;
};

/** Reads of a data folder's catalog. No worker is started before the first read of its lane. */
export function createReader(folder: string): Reader {
  const file = join(folder, "catalog.sqlite");
  const open = new Map<LaneName, ReturnType<typeof createLane>>();
  let closed = false;
  return {
    read(name, input, options = {}) {
      const laneName = laneOf[name];
      const { host, timeLimit } = lanes[laneName];
      const lane = open.get(laneName) ?? createLane(file, host === "thread" ? onThread : onProcess);
      open.set(laneName, lane);
      return new Promise((resolve, reject) => {
        if (closed) throw new GauntletError("CORE_UNREACHABLE", "The catalog is closed.");
        lane.add({
          name,
          input,
          signal: options.signal,
          timeLimit: options.timeLimit ?? timeLimit,
          // The worker answers with what the function of this name returned.
          resolve: resolve as (output: unknown) => void,
          reject,
        });
      });
    },
    async close() {
      closed = true;
      await Promise.all([...open.values()].map((lane) => lane.close()));
    },
  };
}

function createLane(file: string, start: (file: string, events: HostEvents) => Host) {
  const queue: Pending[] = [];
  let host: Host | null = null;
  let current: Pending | null = null;
  let timer: NodeJS.Timeout | undefined;

  function next(): void {
    while (current === null) {
      const pending = queue.shift();
      if (!pending) {
        host?.hold(false);
        return;
      }
      if (pending.signal?.aborted) {
        pending.reject(pending.signal.reason);
        continue;
      }
      current = pending;
      host ??= start(file, eventsOfNewHost());
      host.hold(true);
      timer = setTimeout(() => giveUp(pending), pending.timeLimit);
      host.post({ name: pending.name, input: pending.input });
    }
  }

  function settle(use: (pending: Pending) => void): void {
    const pending = current;
    if (!pending) return;
    clearTimeout(timer);
    current = null;
    use(pending);
    next();
  }

  /** A host that was given up may still have something to say; nobody listens to it. */
  function eventsOfNewHost(): HostEvents {
    let isCurrent = true;
    forgetHost = () => {
      isCurrent = false;
      host = null;
    };
    return {
      answered: (answer) => {
        if (isCurrent) settle(({ resolve, reject }) => deliver(answer, resolve, reject));
      },
      died: (why) => {
        if (!isCurrent) return;
        forgetHost();
        settle(({ reject }) => reject(new Error(`the reader died: ${why}`)));
      },
    };
  }
  let forgetHost = () => {};

  function giveUp(pending: Pending): void {
    const stuck = host;
    forgetHost();
    void stuck?.kill();
    settle(({ reject }) =>
      reject(
        new GauntletError(
          "QUERY_TOO_SLOW",
          `The query was stopped after ${pending.timeLimit / 1000} s.`,
        ),
      ),
    );
  }

  return {
    add(pending: Pending): void {
      queue.push(pending);
      next();
    },
    async close(): Promise<void> {
      const left = [...(current ? [current] : []), ...queue.splice(0)];
      clearTimeout(timer);
      current = null;
      const last = host;
      forgetHost();
      for (const { reject } of left)
        reject(new GauntletError("CORE_UNREACHABLE", "The catalog was closed."));
      await last?.kill();
    },
  };
}

function deliver(
  answer: ReadAnswer,
  resolve: (output: unknown) => void,
  reject: (error: unknown) => void,
): void {
  if (answer.ok) resolve(answer.output);
  else if ("fault" in answer) reject(new Error(answer.fault));
  else {
    const { code, message, details, hint } = answer.expected;
    reject(
      new GauntletError(code satisfies ErrorCode, message, { details: details ?? undefined, hint }),
    );
  }
}

function onThread(file: string, events: HostEvents): Host {
  const worker = new Worker(new URL("./reader-worker.ts", import.meta.url), {
    workerData: { file },
    name: "gauntlet-reader",
  });
  worker.on("message", events.answered);
  worker.on("error", (error) => events.died(error.stack ?? error.message));
  worker.on("exit", (code) => events.died(`exit status ${code}`));
  return {
    post: (request) => worker.postMessage(request),
    hold: (isHeld) => (isHeld ? worker.ref() : worker.unref()),
    kill: () => worker.terminate(),
  };
}

function onProcess(file: string, events: HostEvents): Host {
  const child = fork(fileURLToPath(new URL("./reader-worker.ts", import.meta.url)), [file], {
    serialization: "advanced",
    execArgv: [],
  });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.on("message", (answer) => events.answered(answer as ReadAnswer));
  child.on("error", (error) => events.died(error.message));
  child.on("exit", (code, signal) => events.died(signal ?? `exit status ${code}`));
  return {
    post: (request) => void child.send(request),
    hold(isHeld) {
      if (isHeld) child.ref();
      else child.unref();
      if (isHeld) child.channel?.ref();
      else child.channel?.unref();
    },
    kill() {
      child.ref(); // Or nothing would wait for its end.
      child.kill("SIGKILL");
      return gone;
    },
  };
}
