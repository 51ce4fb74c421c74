/** A container's output as the attempt's log. */
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import type { Container } from "../../platform/docker/client.ts";
import { createDemultiplexer } from "../../platform/docker/demultiplex.ts";
import { openJobLog } from "../process/job-log.ts";
import { type AttemptFiles, sizeOf } from "./attempt.ts";
import type { FirstOutput } from "./first-output.ts";
import { createOutputReader } from "./output-reader.ts";

/** Bytes of the end of the log that are remembered for its last line. */
const lastBytes = 4096;

const unknownSecrets =
  "[gauntlet] The output is left out: the secrets that may be in it are not known any more.\n";

export type ContainerLog = {
  /** Resolves when all output has come. Rejects when the engine is gone. */
  ended: Promise<void>;
  /** Whether the engine was gone before the end. */
  isBroken(): boolean;
  /** When output last arrived, by performance.now(); null before the first. */
  arrived(): number | null;
  lastLine(): string;
  /** Writes what is kept of the end. Returns how many bytes were left out. */
  close(): number;
};

/**
 * Follows the output from its very beginning, into a file of its own. What an earlier engine, or
 * the first output, has written of it has its place taken once this is as long: so nothing is
 * missing and nothing doubled, wherever the earlier one was cut off.
 * @param secrets values that are taken out; null when they are not known any more, and then nothing
 *   of the output is written, for they may be in it
 * @param first is ended as soon as the output comes from here
 */
export async function followLog(
  container: Container,
  files: AttemptFiles,
  limit: number,
  secrets: readonly string[] | null,
  first: FirstOutput | null,
): Promise<ContainerLog> {
  const abort = new AbortController();
  const stream = await container.logs({
    follow: true,
    stdout: true,
    stderr: true,
    abortSignal: abort.signal,
  });
  first?.end();
  const known = sizeOf(files.log);
  const own = `${files.log}.${randomUUID()}`;
  const log = openJobLog(own, limit);
  log.write(Buffer.alloc(0)); // It is there from now on.
  let isInPlace = false;
  let length = 0;
  let last = Buffer.alloc(0);
  let arrived: number | null = null;
  let isBroken = false;

  function takePlace(): void {
    if (isInPlace || !existsSync(own)) return;
    renameSync(own, files.log);
    isInPlace = true;
  }

  function write(chunk: Buffer): void {
    if (chunk.length === 0) return;
    log.write(chunk);
    const before = chunk.length < lastBytes ? last : Buffer.alloc(0);
    last = Buffer.concat([before, chunk.subarray(-lastBytes)]).subarray(-lastBytes);
    length += chunk.length;
    if (!isInPlace && length >= (known ?? 0)) takePlace();
  }

  if (known === null) takePlace();
  // What was said while the image was fetched or built stands in front of the output.
  if (existsSync(files.preparation)) write(readFileSync(files.preparation));
  if (secrets === null && known === null) write(Buffer.from(unknownSecrets));
  const reader = createOutputReader(secrets ?? [], write);
  stream.on("data", (piece: Buffer) => {
    arrived = performance.now();
    if (secrets !== null) reader.read(piece);
  });
  const ended = new Promise<void>((resolve, reject) => {
    stream.once("end", resolve);
    stream.once("error", reject);
    stream.once("aborted", () => reject(new Error("aborted")));
  });
  ended.catch(() => (isBroken = true));
  return {
    ended,
    isBroken: () => isBroken,
    arrived: () => arrived,
    lastLine: () => last.toString("utf8").trimEnd().split("\n").at(-1) ?? "",
    close() {
      // An engine that hangs may still send: what comes now is for whoever follows next.
      abort.abort();
      reader.end();
      const dropped = log.end();
      // The engine keeps no more than it was told to; what is here already is more then.
      if ((sizeOf(own) ?? 0) >= (known ?? 0)) takePlace();
      rmSync(own, { force: true });
      return dropped;
    },
  };
}

/**
 * When the engine took the newest output, ms since 1970; null where there is none. It puts the time
 * in front of each line.
 */
export async function newestOutput(container: Container): Promise<number | null> {
  const raw = await container.logs({ stdout: true, stderr: true, tail: 1, timestamps: true });
  const times = createDemultiplexer()(raw).map(({ text }) =>
    Date.parse(text.toString("latin1", 0, 40).split(" ", 1)[0] ?? ""),
  );
  const known = times.filter((time) => !Number.isNaN(time));
  return known.length === 0 ? null : Math.max(...known);
}
