import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import type { Client } from "../../core/api/socket-client.ts";
import { socketPath } from "../../core/api/socket-path.ts";
import type { CoreNote, EndedNote } from "../../shared/core-notes.ts";
import { dataFolderOf } from "../context.ts";
import { gather } from "../gather.ts";
import { toldError } from "../print-error.ts";

/** Ended runs that are named, however many there are. */
const mostNamed = 3;
/** Runs that end so soon after a note are told of together, ms. */
const quiet = 30_000;
/** Wait after a lost connection, ms. */
const pause = 300;

/**
 * Opens the data folder for the desktop window, which speaks with it through the folder's socket, and
 * tells on its output what the window's process wants to know (shared/core-notes.ts). Ends when its
 * input does: whoever started it is gone then.
 */
export function coreCommand(): Command {
  return new Command("core")
    .description("the core of the desktop window")
    .option(
      "--key",
      "the first line of the input is the key that secrets are sealed with, or empty",
    )
    .action(({ key }: { key?: true }, command: Command) =>
      keepOpen(dataFolderOf(command), key === true),
    );
}

async function keepOpen(data: string, hasKey: boolean): Promise<void> {
  const line = hasKey ? firstLine() : "";
  const ended = untilToldToEnd();
  const secretsKey = (await line) === "" ? null : Buffer.from(await line, "base64");
  try {
    const { openFolder } = await import("../../core/open-folder.ts");
    const folder = await openFolder(data, {
      secretsKey,
      onTaken: () => say({ kind: "ready", socket: socketPath(data) }),
      onError: (error) => sayProblem(error),
    });
    try {
      await folder.client().work.resume({});
      say({ kind: "ready", socket: socketPath(data) });
      const stopped = new AbortController();
      const following = follow(() => folder.client(), stopped.signal);
      await ended;
      stopped.abort();
      await following;
    } finally {
      await folder.close();
    }
  } catch (error) {
    sayProblem(error);
    process.exitCode = 1;
    // Which is listened to for its end, and would keep this process; the host starts another.
    process.stdin.destroy();
  }
}

function say(note: CoreNote): void {
  process.stdout.write(`${JSON.stringify(note)}\n`);
}

function sayProblem(error: unknown): void {
  say({ kind: "problem", error: toldError(error).toData() });
}

/** The first line of the input; nothing where it ends before that. */
function firstLine(): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const read = (chunk: Buffer) => {
      text += chunk.toString("latin1");
      const end = text.indexOf("\n");
      if (end !== -1) done(text.slice(0, end));
    };
    const done = (line: string) => {
      process.stdin.off("data", read);
      // Who listened no more would else hold up the end of the input.
      process.stdin.resume();
      resolve(line);
    };
    process.stdin
      .on("data", read)
      .once("close", () => done(""))
      .once("end", () => done(""));
  });
}

function untilToldToEnd(): Promise<void> {
  return new Promise((resolve) => {
    process.stdin.once("end", resolve).once("close", resolve).once("error", resolve).resume();
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
      process.once(signal, () => resolve());
  });
}

/** Tells of the queue and of runs that end, over cores that come and go. */
async function follow(client: () => Client, signal: AbortSignal): Promise<void> {
  let seq: number | null = null;
  let before = "";
  const ends = gather<RunEnd>(quiet, (batch) => {
    void endedNote(client(), batch).then(say);
  });
  const tellJobs = async () => {
    const { jobs } = await client().system.overview({});
    const running = jobs.starting + jobs.running + jobs.collecting;
    const note: CoreNote = { kind: "jobs", running, queued: jobs.queued };
    const text = JSON.stringify(note);
    if (text !== before) say(note);
    before = text;
  };
  while (!signal.aborted) {
    try {
      await tellJobs();
      const batches = await client().events.watch({ afterSeq: seq }, { signal });
      for await (const batch of batches) {
        seq = batch.seq;
        const ended = batch.events.filter(
          ({ kind }) => kind === "run.succeeded" || kind === "run.failed",
        );
        ends.add(ended);
        await tellJobs();
      }
    } catch {
      // The core that was followed has ended, or this is to end: it goes on after `seq`.
    }
    await sleep(pause, undefined, { signal }).catch(() => undefined);
  }
  ends.end();
}

type RunEnd = { kind: string; subject: string; data: Record<string, unknown> };

async function endedNote(client: Client, ended: readonly RunEnd[]): Promise<EndedNote> {
  const named = await Promise.all(
    ended.slice(0, mostNamed).map(async ({ kind, subject, data }) => {
      const reason = typeof data["reason"] === "string" ? data["reason"] : null;
      const name = await nameOf(client, subject);
      return { id: subject, name, state: kind.slice("run.".length), reason };
    }),
  );
  const failed = ended.filter(({ kind }) => kind === "run.failed").length;
  return { kind: "ended", succeeded: ended.length - failed, failed, runs: named };
}

async function nameOf(client: Client, run: string): Promise<string> {
  try {
    return (await client.runs.get({ run })).name;
  } catch {
    return "A run"; // deleted since, or the core has gone
  }
}
