import { randomBytes } from "node:crypto";
import { appendFileSync, mkdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";

const sizeLimit = 5 * 2 ** 20;

export type ErrorLog = {
  /** Notes an unexpected error and returns the id that a user can quote. */
  write(error: unknown, context: Record<string, unknown>): string;
};

/** A log of unexpected errors, a JSON object a line; the older half is kept beside it. */
export function createErrorLog(folder: string): ErrorLog {
  const file = join(folder, "errors.jsonl");
  return {
    write(error, context) {
      const id = randomBytes(4).toString("hex");
      const line = JSON.stringify({
        id,
        time: new Date().toISOString(),
        ...context,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
      try {
        mkdirSync(folder, { recursive: true });
        if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > sizeLimit)
          renameSync(file, `${file}.old`);
        appendFileSync(file, `${line}\n`);
      } catch {
        // A full or read-only disk must not turn one error into two; the error stream has it.
        process.stderr.write(`${line}\n`);
      }
      return id;
    },
  };
}
