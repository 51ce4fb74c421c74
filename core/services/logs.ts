import { watch } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { GauntletError } from "../../shared/errors.ts";
import type { Stage } from "../../shared/schemas/run-folder.ts";
import type { LogPage } from "../../shared/views.ts";
import { isTerminal } from "../domain/job.ts";
import { isErrno } from "../platform/errno.ts";
import type { CoreContext } from "./context.ts";
import { findRun } from "./runs.ts";
import { createWaiter } from "./waiter.ts";

const pageBytes = 64 * 1024;
/** Of a full page the last character may be left to the next. */
const fullPage = pageBytes - 3;
/** What a program writes within it comes in one page, ms. */
const pause = 100;
/** Between two looks at a log in a folder that cannot be watched, ms. */
const unwatchedPause = 1000;

/** Where the log of an attempt is now. */
type Log = {
  job: string;
  stage: Stage;
  attempt: number;
  /** The attempt's folder, in which the log grows. */
  folder: string;
  file: string;
  /** Whether the attempt has ended. */
  ended: boolean;
};

/**
 * A page of the log of a run's newest attempt, of one stage where one is named; or of an
 * evaluation by its id. A character that the page's end would cut is left to the next page.
 */
export async function readLog(
  context: CoreContext,
  request: { run: string; stage: Stage | null; offset: number },
): Promise<LogPage> {
  return pageOf(findLog(context, request), request.offset);
}

/**
 * A log as it grows: what there is of it from `offset` of an attempt on, and what is added, until
 * its job has ended or the signal comes. A newer attempt is gone over to, from its start. Nothing is
 * read while nothing happens. Throws as readLog does.
 */
export async function* followLog(
  context: CoreContext,
  request: { run: string; stage: Stage | null; attempt: number | null; offset: number },
  signal?: AbortSignal,
): AsyncGenerator<LogPage, void> {
  const waiter = createWaiter(signal);
  let isStale = false;
  const forget = context.catalog.events.onAppend(() => {
    isStale = true;
    waiter.wake();
  });
  const watched = createLogWatch(waiter.wake);
  try {
    let log = findLog(context, request);
    let offset = (request.attempt ?? log.attempt) === log.attempt ? request.offset : 0;
    let isFirst = true;
    while (!signal?.aborted) {
      if (isStale) {
        isStale = false;
        const found = findLog(context, request);
        if (found.job !== log.job || found.attempt !== log.attempt) offset = 0;
        log = found;
      }
      // Before it is read: what is added afterwards is told.
      if (!log.ended) watched.look(log.folder);
      const page = await pageOf(log, offset);
      const read = page.nextOffset - offset;
      offset = page.nextOffset;
      if (read > 0 || page.ended || isFirst) yield page;
      isFirst = false;
      if (page.ended && isOver(context, log)) return;
      if (read === 0) await waiter.woken();
      if (read < fullPage) await sleep(pause, undefined, { ref: false });
    }
  } finally {
    forget();
    watched.end();
    waiter.end();
  }
}

/** Whether no further attempt comes. */
function isOver({ catalog }: CoreContext, { job, attempt }: Log): boolean {
  const found = catalog.jobs.get(job);
  return !found || (isTerminal(found.state) && found.attempt === attempt);
}

/** Wakes when the log in a folder was written to; where a folder cannot be watched, now and then. */
function createLogWatch(wake: () => void) {
  let watched: string | null = null;
  let stop = () => {};
  const fallBack = () => {
    watched = null;
    const timer = setTimeout(wake, unwatchedPause).unref();
    stop = () => clearTimeout(timer);
  };
  return {
    /** From now on, unless this folder is watched already. */
    look(folder: string): void {
      if (watched === folder) return;
      stop();
      try {
        const watcher = watch(folder, { persistent: false }, (_kind, name) => {
          if (name === null || name === "log") wake();
        });
        watcher.on("error", () => {
          watcher.close();
          if (watched === folder) fallBack();
        });
        watched = folder;
        stop = () => watcher.close();
      } catch (error) {
        // Not made yet, removed just now, or more is watched than the system allows.
        if (!isErrno(error)) throw error;
        fallBack();
      }
    },
    end: () => stop(),
  };
}

function findLog(context: CoreContext, request: { run: string; stage: Stage | null }): Log {
  const { catalog, artifacts } = context;
  const evaluation = catalog.evaluations.search(request.run);
  const subject = evaluation ?? findRun(context, request.run).id;
  const attempt = catalog.runs
    .attempts(subject)
    .findLast(({ stage }) => request.stage === null || stage === request.stage);
  if (!attempt)
    throw new GauntletError(
      "RUN_NOT_FOUND",
      `${request.run} has no ${request.stage ?? "job"} that has started yet.`,
      { hint: "gauntlet runs show RUN lists its stages." },
    );
  const { jobId: job, stage, number, folder } = attempt;
  const stored = catalog.runs.files(attempt.id).find(({ path }) => path === "log");
  return {
    job,
    stage,
    attempt: number,
    folder,
    file: stored ? artifacts.pathOf(stored.sha256) : join(folder, "log"),
    ended: isTerminal(attempt.state),
  };
}

async function pageOf({ stage, attempt, file, ended }: Log, offset: number): Promise<LogPage> {
  const bytes = await readPage(file, offset);
  const isLast = ended && bytes.length < pageBytes;
  const whole = isLast ? bytes : bytes.subarray(0, wholeCharacters(bytes));
  return {
    stage,
    attempt,
    text: whole.toString("utf8"),
    nextOffset: offset + whole.length,
    ended: isLast,
  };
}

async function readPage(file: string, offset: number): Promise<Buffer> {
  try {
    const handle = await open(file, "r");
    try {
      const buffer = Buffer.alloc(pageBytes);
      const { bytesRead } = await handle.read(buffer, 0, pageBytes, offset);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    // No output yet, or the log is being moved into the store: the next page has it.
    if (isErrno(error, "ENOENT")) return Buffer.alloc(0);
    throw error;
  }
}

/** How many bytes end with a whole UTF-8 character; all where the last bytes are no start of one. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return bytes.length;
    if (byte < 0xc0) continue; // in the middle of one
    const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return back < length ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
