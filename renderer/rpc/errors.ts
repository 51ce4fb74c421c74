import { ORPCError } from "@orpc/client";
import type { ErrorData } from "../../shared/errors.ts";

export type ErrorText = { code: string; message: string; hint: string; details: string | null };

/** Whatever was thrown, as code, sentence and hint. */
export function describeError(error: unknown): ErrorText {
  const data = dataOf(error);
  if (data) return data;
  if (error instanceof ORPCError)
    return {
      code: error.code,
      message: `The core refused this: ${error.message}.`,
      hint: "This page may be older than the core; load it anew.",
      details: null,
    };
  return {
    code: isConnectionError(error) ? "CORE_UNREACHABLE" : "INTERNAL",
    message: isConnectionError(error) ? "The connection to the core broke." : "This page failed.",
    hint: isConnectionError(error)
      ? "It is opened again by itself."
      : "This is a fault in Gauntlet. Load the page anew.",
    details: error instanceof Error ? error.message : String(error),
  };
}

/** The error data of an expected failure of the core. */
export function dataOf(error: unknown): ErrorData | null {
  const data: unknown = error instanceof ORPCError ? error.data : null;
  const isData = typeof data === "object" && data !== null && "code" in data && "hint" in data;
  return isData ? (data as ErrorData) : null;
}

/** Whether a call ended because its connection did: an answer is always an ORPCError. */
export function isConnectionError(error: unknown): boolean {
  return (
    error instanceof Error &&
    !(error instanceof ORPCError) &&
    (error.name === "AbortError" || /clos|abort|peer/i.test(error.message))
  );
}
