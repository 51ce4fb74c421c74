import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { type ErrorData, GauntletError } from "../../../shared/errors.ts";
import { excerpt } from "../../../shared/visible.ts";
import type { Packed, PackOptions } from "./pack.ts";
import type { ReadOptions } from "./source.ts";

export type PackRequest = PackOptions &
  ReadOptions & {
    /** What to pack, absolute. */
    path: string;
    /** The new folder. */
    folder: string;
  };

export type PackAnswer =
  | { kind: "progress"; done: number; total: number }
  | { kind: "packed"; packed: Packed }
  | { kind: "refused"; error: ErrorData }
  | { kind: "fault"; fault: string };

const program = fileURLToPath(new URL("packer.ts", import.meta.url));

/** Megabytes of JavaScript's own memory: the names and labels of 20 million samples. */
const heapLimit = 4096;

/**
 * Packs in a process of its own. Throws what packing throws, DATASET_PACKING_FAILED when the process
 * dies, and the signal's reason once it is aborted and the process is gone.
 * @param onProgress told how many samples of how many are written, now and then
 */
export function runPacker(
  request: PackRequest,
  onProgress: (done: number, total: number) => void,
  signal?: AbortSignal,
): Promise<Packed> {
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const child = fork(program, [], {
      execArgv: [`--max-old-space-size=${heapLimit}`],
      env: { ...process.env, UV_THREADPOOL_SIZE: String(Math.max(4, availableParallelism())) },
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    let answer: PackAnswer | undefined;
    let stderr = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      stderr = (stderr + chunk.toString("utf8")).slice(-lastWords);
    });
    const stop = () => child.kill("SIGKILL");
    signal?.addEventListener("abort", stop, { once: true });
    child.on("message", (message) => {
      const said = message as PackAnswer;
      if (said.kind === "progress") onProgress(said.done, said.total);
      else answer = said;
    });
    child.on("error", reject);
    child.on("close", (status, killedBy) => {
      signal?.removeEventListener("abort", stop);
      if (signal?.aborted) reject(signal.reason);
      else if (answer?.kind === "packed") resolve(answer.packed);
      else if (answer?.kind === "refused") reject(errorFrom(answer.error));
      else
        reject(
          fault(
            request.path,
            answer?.kind === "fault" ? answer.fault : `${killedBy ?? `exit ${status}`}\n${stderr}`,
          ),
        );
    });
    child.send(request);
  });
}

/** Characters that are kept of what a dying process says. */
const lastWords = 4000;

function errorFrom({ code, message, details, hint }: ErrorData): GauntletError {
  return new GauntletError(code, message, { details: details ?? undefined, hint });
}

function fault(path: string, details: string): GauntletError {
  return new GauntletError(
    "DATASET_PACKING_FAILED",
    `Packing ${excerpt(path, 300)} ended before it was done.`,
    { details },
  );
}
