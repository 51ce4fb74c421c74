import { open } from "node:fs/promises";
import { join } from "node:path";
import { GauntletError } from "../../shared/errors.ts";
import type { Stage } from "../../shared/schemas/run-folder.ts";
import type { LogPage } from "../../shared/views.ts";
import { isTerminal } from "../domain/job.ts";
import { isErrno } from "../platform/errno.ts";
import type { CoreContext } from "./context.ts";
import { findRun } from "./runs.ts";

const pageBytes = 64 * 1024;

/**
 * A page of the log of a run's newest attempt, of one stage where one is named; or of an
 * evaluation by its id. A character that the page's end would cut is left to the next page.
 */
export async function readLog(
  context: CoreContext,
  request: { run: string; stage: Stage | null; offset: number },
): Promise<LogPage> {
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
  const stored = catalog.runs.files(attempt.id).find(({ path }) => path === "log");
  const file = stored ? artifacts.pathOf(stored.sha256) : join(attempt.folder, "log");
  const bytes = await readPage(file, request.offset);
  const whole = bytes.length < pageBytes ? bytes : bytes.subarray(0, wholeCharacters(bytes));
  return {
    stage: attempt.stage,
    attempt: attempt.number,
    text: whole.toString("utf8"),
    nextOffset: request.offset + whole.length,
    ended: isTerminal(attempt.state) && bytes.length < pageBytes,
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

/** How many bytes of a full page end with a whole UTF-8 character. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= 4; back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return bytes.length;
    if (byte >= 0xc0) return bytes.length - back;
  }
  return bytes.length;
}
