import { setTimeout as sleep } from "node:timers/promises";
import { GauntletError } from "../shared/errors.ts";
import { type Answer, answerWith, clientOf } from "./api/answer.ts";
import { relayToCore } from "./api/relay.ts";
import { type Client, connectToCore } from "./api/socket-client.ts";
import { createCore } from "./core.ts";

/** How often a core that is closing is waited for, and how long each time, ms. */
const tries = 50;
const pause = 100;

export type FolderConnection = {
  client: Client;
  /** Answers a connection by the contract; null when another process owns the folder. */
  answer: Answer | null;
  /** Settles when the core that was connected to is gone; never for one of our own. */
  lost: Promise<void>;
  close(): Promise<void>;
};

/**
 * Opens a data folder: as its owner, or through the core that owns it already.
 * Throws what createCore throws, and CORE_UNREACHABLE.
 * @param secretsKey as createCore takes it; of no use where another core answers
 */
export async function connectFolder(
  data: string,
  secretsKey: Uint8Array | null = null,
): Promise<FolderConnection> {
  for (let attempt = 1; ; attempt++) {
    try {
      const core = await createCore({ data, secretsKey });
      return {
        client: clientOf(core.router),
        answer: answerWith(core.router),
        lost: new Promise(() => undefined),
        close: () => core.close(),
      };
    } catch (error) {
      if (!(error instanceof GauntletError) || error.code !== "CATALOG_IN_USE") throw error;
    }
    try {
      const { client, lost, close } = await connectToCore(data);
      return { client, answer: null, lost, close: async () => close() };
    } catch (error) {
      if (attempt === tries) throw error;
      await sleep(pause);
    }
  }
}

export type OpenFolder = {
  /** Answers a page's connection by whichever core owns the folder now. */
  answer: Answer;
  /** Of the core that owns the folder now. */
  client(): Client;
  /** Whether another process owned it then. */
  isShared: boolean;
  close(): Promise<void>;
};

/** Wait before a folder that could not be taken over is tried again, ms. */
const secondThought = 5000;

/**
 * Keeps a data folder open for pages for as long as they are shown: while another process owns it,
 * they speak with that one; when it ends, this one takes over, what is queued goes on, and the pages
 * connect again. `onTaken` hears of it, `onError` each time the folder cannot be taken over.
 * Throws as connectFolder does.
 */
export async function openFolder(
  data: string,
  {
    onTaken,
    onError,
    secretsKey = null,
  }: { onTaken(): void; onError(error: unknown): void; secretsKey?: Uint8Array | null },
): Promise<OpenFolder> {
  const first = await connectFolder(data, secretsKey);
  const closing = new AbortController();
  let current = first;

  async function standIn(): Promise<void> {
    while (current.answer === null) {
      await current.lost;
      if (closing.signal.aborted) return;
      try {
        const next = await connectFolder(data, secretsKey);
        if (closing.signal.aborted) return await next.close();
        current = next;
        await current.client.work.resume({});
      } catch (error) {
        onError(error);
        await sleep(secondThought, undefined, { signal: closing.signal }).catch(() => undefined);
      }
    }
    onTaken();
  }
  const standing = first.answer ? Promise.resolve() : standIn();

  return {
    client: () => current.client,
    isShared: first.answer === null,
    answer: (socket) => (current.answer ? current.answer(socket) : relayToCore(data, socket)),
    async close() {
      closing.abort();
      await current.close();
      // A connection that is closed is lost too: whoever waits for that comes to an end.
      await standing;
    },
  };
}
