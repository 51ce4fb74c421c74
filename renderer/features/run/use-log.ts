import { useEffect, useState } from "react";
import type { Stage } from "../../../shared/schemas/run-folder.ts";
import { client } from "../../rpc/client.ts";
import { isConnectionError } from "../../rpc/errors.ts";
import { appendLog } from "./log-lines.ts";

/** Between a connection that broke and the next try, ms. */
const pause = 500;

export type Log = {
  /** One list that only grows, in a new object each time: a long log is not copied. */
  lines: readonly string[];
  attempt: number | null;
  /** Whether nothing comes any more. */
  ended: boolean;
};

const nothing: Log = { lines: [], attempt: null, ended: false };

/** The log of the newest attempt of a stage, from its start, as it grows. */
export function useLog(run: string, stage: Stage | null): { log: Log; error: unknown } {
  const [log, setLog] = useState(nothing);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    if (stage === null) return undefined;
    const abort = new AbortController();
    const { signal } = abort;
    let lines: string[] = [];
    let attempt: number | null = null;
    let offset = 0;
    const follow = async () => {
      const pages = await client.runs.followLog({ run, stage, attempt, offset }, { signal });
      for await (const page of pages) {
        if (signal.aborted) return;
        if (page.attempt !== attempt) lines = [];
        ({ attempt } = page);
        offset = page.nextOffset;
        appendLog(lines, page.text);
        setError(null);
        setLog({ lines, attempt, ended: page.ended });
      }
    };
    void (async () => {
      while (!signal.aborted) {
        try {
          await follow();
          return;
        } catch (caught) {
          if (signal.aborted) return;
          // The status bar tells of the connection; the next call waits for it and goes on.
          if (!isConnectionError(caught)) {
            setError(caught);
            return;
          }
        }
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    })();
    return () => abort.abort();
  }, [run, stage]);
  return { log, error };
}
