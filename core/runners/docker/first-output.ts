/** What a container says first, before the engine lets its log be read. */
import { appendFileSync } from "node:fs";
import type { Container } from "../../platform/docker/client.ts";
import { isErrno } from "../../platform/errno.ts";
import type { LaunchSpec } from "../../domain/ports.ts";
import { type AttemptFiles, sizeOf } from "./attempt.ts";
import { createOutputReader } from "./output-reader.ts";

/** Bytes that are written at most: what follows comes with the engine's log soon enough. */
const most = 64 * 1024;

export type FirstOutput = {
  /** Nothing is written from now on. */
  end(): void;
};

/**
 * Appends to the attempt's log what a container that is about to be started says, until `end` is
 * called. The engine gives its own log only once it has noted the start, and that of a container
 * that ends at once after it has cleaned up behind it. `followLog` writes all of it anew: so nothing
 * depends on what is written here, and an engine that does not let itself be attached to is no
 * failure. A job never waits for this process, as it would if that stayed attached.
 */
export async function writeFirstOutput(
  container: Container,
  files: AttemptFiles,
  { logLimit, secrets }: Pick<LaunchSpec, "logLimit" | "secrets">,
): Promise<FirstOutput> {
  const abort = new AbortController();
  const end = () => abort.abort();
  // With more in it than what was said of the image, it is not known what this would stand behind.
  if (sizeOf(files.log) !== sizeOf(files.preparation)) return { end };
  let left = Math.min(most, logLimit);
  const values = secrets.map(({ value }) => value);
  const reader = createOutputReader(values, (text) => {
    try {
      appendFileSync(files.log, text.subarray(0, left), { mode: 0o600 });
      left = Math.max(0, left - text.length);
    } catch (error) {
      if (!isErrno(error)) throw error;
      left = 0; // How much of it a full disk has taken is not known.
    }
    if (left <= 0) end();
  });
  try {
    const stream = await container.attach({
      stream: true,
      stdout: true,
      stderr: true,
      abortSignal: abort.signal,
    });
    stream.on("data", (piece: Buffer) => {
      if (!abort.signal.aborted) reader.read(piece);
    });
    stream.on("error", () => undefined); // Who needs the engine hears of it elsewhere.
  } catch {
    end();
  }
  return { end };
}
