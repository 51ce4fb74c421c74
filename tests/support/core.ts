import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createRouterClient } from "@orpc/server";
import { onTestFinished } from "vitest";
import type { Client } from "../../core/api/socket-client.ts";
import { createCore } from "../../core/core.ts";
import type { Clock } from "../../core/domain/ports.ts";
import type { Progress } from "../../shared/views.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export type TestCore = {
  client: Client;
  data: string;
  close(): Promise<void>;
};

/** A core of its own for a test, on a new data folder unless one is given. */
export async function openTestCore(
  data = temporaryFolder(),
  options: { clock?: Clock; cpus?: number } = {},
): Promise<TestCore> {
  const core = await createCore({ data, ...options });
  let closed = false;
  const close = async () => {
    if (closed) return;
    closed = true;
    await core.close();
  };
  onTestFinished(close);
  return { client: createRouterClient(core.router), data, close };
}

/** Makes a folder of files, by their path in it. */
export function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** Waits until runs, with all that follows from them, and evaluations have ended. */
export async function untilDone(
  client: Client,
  runs: string[],
  evaluations: string[] = [],
): Promise<Progress> {
  for (;;) {
    const progress = await client.work.progress({ runs, evaluations });
    if (progress.done) return progress;
    await sleep(50);
  }
}

/** Waits until `ask` gives something. The test's own time limit ends it otherwise. */
export async function until<T>(ask: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    await sleep(50);
  }
}

/** Submits a folder as a run and waits for its end. */
export async function runToEnd(client: Client, folder: string) {
  const { run } = await client.runs.submit({ folder });
  await untilDone(client, [run]);
  return client.runs.get({ run });
}

/** The whole log of a run. */
export async function logOf(client: Client, run: string): Promise<string> {
  let text = "";
  let offset = 0;
  for (;;) {
    const page = await client.runs.log({ run, offset });
    text += page.text;
    if (page.nextOffset === offset) return text;
    offset = page.nextOffset;
  }
}
