/** What the engine tells while it fetches or builds: a JSON object a line. */
import { createInterface } from "node:readline";

/** Who hears how an image comes to be. */
export type ImageListener = {
  /** A line for the log. */
  say(line: string): void;
  /** What is being done now, in a few words. */
  doing(text: string): void;
};

/** What the engine told as an error in the middle of its answer. */
export class ProgressError extends Error {
  override readonly name = "ProgressError";
}

/** Reads to the end. Throws ProgressError for an error that is told, and the signal's reason. */
export async function readProgress<Event>(
  stream: NodeJS.ReadableStream,
  signal: AbortSignal,
  onEvent: (event: Event) => void,
): Promise<void> {
  const lines = createInterface({ input: stream, crlfDelay: Infinity, signal });
  for await (const line of lines) {
    if (line.trim() === "") continue;
    const event: unknown = JSON.parse(line);
    if (typeof event === "object" && event !== null && "error" in event)
      throw new ProgressError(String(event.error).trim());
    onEvent(event as Event);
  }
  signal.throwIfAborted();
}
