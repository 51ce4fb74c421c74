import type { Attempt, Job } from "../domain/job-spec.ts";
import type { EngineStore, Runner } from "../domain/ports.ts";

/**
 * Finds what the images of attempts have inside, once for each image and beside all else: no job
 * waits for it. What fails is asked again with the image's next attempt.
 */
export function createImageContents(options: {
  store: Pick<EngineStore, "hasContents" | "keepContents">;
  onError(error: unknown, job: Job): void;
}) {
  const { store, onError } = options;
  const abort = new AbortController();
  /** By image. */
  const asked = new Map<string, Promise<void>>();

  async function find(runner: Runner, imageId: string, job: Job): Promise<void> {
    try {
      const contents = await runner.contents?.(imageId, abort.signal);
      if (contents) store.keepContents(imageId, contents);
    } catch (error) {
      if (!abort.signal.aborted) onError(error, job);
    } finally {
      asked.delete(imageId);
    }
  }

  return {
    /** Begins to look, where an image is known and was not looked into. */
    async look(runner: Runner, job: Job, attempt: Attempt): Promise<void> {
      if (!runner.contents) return;
      const imageId = (await runner.surroundings?.(attempt.folder))?.["imageId"];
      if (imageId === undefined || abort.signal.aborted) return;
      if (asked.has(imageId) || store.hasContents(imageId)) return;
      asked.set(imageId, find(runner, imageId, job));
    },
    async close(): Promise<void> {
      abort.abort(new Error("closed"));
      await Promise.all(asked.values());
    },
  };
}
