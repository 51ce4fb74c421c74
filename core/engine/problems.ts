import { errorCodes, GauntletError } from "../../shared/errors.ts";
import { isErrno } from "../platform/errno.ts";

export type Problems = ReturnType<typeof createProblems>;

/** What of an attempt's results cannot be kept, gathered so that everything else is. */
export function createProblems() {
  const found: string[] = [];
  function note(what: string, error: unknown): void {
    if (isPassing(error)) throw error;
    found.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return {
    found: found as readonly string[],
    /**
     * Notes what is wrong with one of the results. Throws what is no fault of that result but the
     * machine's: it passes, and all can be tried again.
     */
    note,
    /** Does work with one of the results; where that fails it is noted, and `otherwise` returned. */
    async guard<T, U>(what: string, work: () => Promise<T>, otherwise: U): Promise<T | U> {
      try {
        return await work();
      } catch (error) {
        note(what, error);
        return otherwise;
      }
    },
  };
}

/** A full or read-only disk, too many open files or too little memory, a network that is away. */
const passing = new Set([
  "ENOSPC",
  "EDQUOT",
  "EROFS",
  "EMFILE",
  "ENFILE",
  "ENOMEM",
  "EAGAIN",
  "EBUSY",
  "ESTALE",
  "ETIMEDOUT",
]);

/** Whether trying again later can help: the fault is the machine's, not the result's. */
function isPassing(error: unknown): boolean {
  if (error instanceof GauntletError)
    return errorCodes[error.code].class === "environment" || isPassing(error.cause);
  return isErrno(error) && passing.has(error.code);
}
