/** A log as it grows: what there is, what is added, the next attempt, the end. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { LogPage } from "../../shared/views.ts";
import { folderWith, openTestCore, runToEnd, until, untilDone } from "../support/core.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

type Client = Awaited<ReturnType<typeof openTestCore>>["client"];

/** Submits a program that finds `marks`, a folder, and waits until its training runs. */
async function start(client: Client, program: string, train = "") {
  const marks = temporaryFolder();
  const folder = folderWith({
    "gauntlet.yaml": `name: talk\ntrain:\n  command: [node, main.mjs]\n${train}`,
    "main.mjs": `import { existsSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
const marks = ${JSON.stringify(marks)};
const until = async (name) => { while (!existsSync(marks + "/" + name)) await sleep(10); };
${program}`,
  });
  const { run } = await client.runs.submit({ folder });
  await until(async () => (await client.runs.get({ run })).attempts[0]?.state === "running");
  return { run, mark: (name: string) => writeFileSync(join(marks, name), "") };
}

/** Reads pages until their text holds `wanted`, or to the end. */
async function read(pages: AsyncIterator<LogPage>, wanted?: string): Promise<LogPage[]> {
  const some: LogPage[] = [];
  for (;;) {
    const { done, value } = await pages.next();
    if (done) return some;
    some.push(value);
    if (wanted !== undefined && textOf(some).includes(wanted)) return some;
  }
}

function textOf(pages: readonly LogPage[]): string {
  return pages.map(({ text }) => text).join("");
}

test("a log is told as it grows, a character at its end whole, and ends with its job", async () => {
  const { client } = await openTestCore();
  const { run, mark } = await start(
    client,
    `process.stdout.write("first ");
process.stdout.write(Buffer.from([0xe2, 0x86]));
await until("more");
process.stdout.write(Buffer.from([0x92]));
process.stdout.write(" last\\n");
await until("end");`,
  );
  const pages = await client.runs.followLog({ run });
  const before = await read(pages, "first ");
  expect(textOf(before)).toBe("first ");
  expect(before.at(-1)).toMatchObject({ stage: "train", attempt: 1, ended: false });
  mark("more");
  const after = await read(pages, "last\n");
  expect(textOf(after)).toBe("→ last\n");

  // Whoever lost the connection goes on where it was.
  const again = await client.runs.followLog({
    run,
    attempt: 1,
    offset: before.at(-1)?.nextOffset,
  });
  expect(textOf(await read(again, "last\n"))).toBe("→ last\n");
  mark("end");
  const rest = await read(pages);
  expect(textOf(rest)).toBe("");
  expect(rest.at(-1)).toMatchObject({ ended: true });
  expect((await read(again)).at(-1)).toMatchObject({ ended: true });
});

test("a further attempt is gone over to, from its start", async () => {
  const { client } = await openTestCore();
  const { run, mark } = await start(
    client,
    `if (existsSync(marks + "/tried")) {
  console.log("the second try");
} else {
  console.log("the first try, which is silent then");
  writeFileSync(marks + "/tried", "");
  await until("never");
}`,
    "  silence_limit: 1s\n  retries: 1\n",
  );
  const pages = await read(await client.runs.followLog({ run }));
  mark("never");
  const of = (attempt: number) => textOf(pages.filter((page) => page.attempt === attempt));
  expect(of(1)).toBe("the first try, which is silent then\n");
  expect(of(2)).toBe("the second try\n");
  expect(pages.at(-1)).toMatchObject({ attempt: 2, ended: true });

  // An offset in an attempt that is not the newest any more says nothing about the newest.
  const late = await read(await client.runs.followLog({ run, attempt: 1, offset: 20 }));
  expect(textOf(late)).toBe("the second try\n");
});

test("the log of what has ended comes whole, and whoever leaves is not waited for", async () => {
  const { client } = await openTestCore();
  const lines = 30_000;
  const ended = await runToEnd(
    client,
    folderWith({
      "gauntlet.yaml": "name: much\ntrain: { command: [node, main.mjs] }\n",
      "main.mjs": `console.log(Array.from({ length: ${lines} }, (_, line) => "größe " + line).join("\\n"));`,
    }),
  );
  const text = textOf(await read(await client.runs.followLog({ run: ended.id })));
  expect(text.split("\n")).toEqual([
    ...Array.from({ length: lines }, (_, line) => `größe ${line}`),
    "",
  ]);
  await expect(read(await client.runs.followLog({ run: "nobody" }))).rejects.toMatchObject({
    data: { code: "RUN_NOT_FOUND" },
  });

  const { run, mark } = await start(client, `console.log("here"); await until("end");`);
  const abort = new AbortController();
  const pages = await client.runs.followLog({ run }, { signal: abort.signal });
  await read(pages, "here\n");
  abort.abort();
  expect(await read(pages)).toEqual([]);
  mark("end");
  await untilDone(client, [run]);
  expect(await client.runs.get({ run })).toMatchObject({ state: "succeeded" });
});
