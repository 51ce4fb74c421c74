import { ORPCError } from "@orpc/server";
import type { Client } from "../core/api/socket-client.ts";
import { connectFolder } from "../core/open-folder.ts";
import { type ErrorData, errorCodes, GauntletError } from "../shared/errors.ts";

export type Session = {
  /** Calls the core; what the core refuses is thrown as the GauntletError it was. */
  call<T>(use: (client: Client) => Promise<T>): Promise<T>;
  /** As `call`, but outlives the core: when it goes away another is found or made. */
  callAgain<T>(use: (client: Client) => Promise<T>): Promise<T>;
  close(): Promise<void>;
};

/**
 * Opens a data folder: as its owner, or through the core that owns it already.
 * Throws what createCore throws, and CORE_UNREACHABLE.
 */
export async function openSession(data: string): Promise<Session> {
  let connection = await connectFolder(data);
  return {
    call: (use) => translated(() => use(connection.client)),
    async callAgain(use) {
      for (;;) {
        try {
          return await translated(() => use(connection.client));
        } catch (error) {
          if (error instanceof GauntletError && error.code !== "CORE_UNREACHABLE") throw error;
          if (!(error instanceof GauntletError) && !isLostConnection(error)) throw error;
        }
        await connection.close();
        connection = await connectFolder(data);
        await connection.client.work.resume({});
      }
    },
    close: () => connection.close(),
  };
}

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const data = error instanceof ORPCError ? (error.data as unknown) : undefined;
    if (isErrorData(data))
      throw new GauntletError(data.code, data.message, {
        details: data.details ?? undefined,
        hint: data.hint,
        cause: error,
      });
    if (error instanceof ORPCError && error.code === "BAD_REQUEST")
      throw new GauntletError("USAGE", `The core refused the request: ${describe(error)}.`, {
        cause: error,
      });
    throw error;
  }
}

function isErrorData(data: unknown): data is ErrorData {
  return (
    typeof data === "object" && data !== null && "code" in data && String(data.code) in errorCodes
  );
}

function describe(error: ORPCError<string, unknown>): string {
  const { data } = error;
  if (typeof data !== "object" || data === null || !("issues" in data)) return error.message;
  const issues = Array.isArray(data.issues) ? (data.issues as unknown[]) : [];
  return issues
    .map((issue) =>
      typeof issue === "object" && issue !== null && "message" in issue
        ? String(issue.message)
        : String(issue),
    )
    .join("; ");
}

/** The socket's end rejects calls with an abort or a plain error, never with an ORPCError. */
function isLostConnection(error: unknown): boolean {
  return error instanceof Error && !(error instanceof ORPCError);
}
