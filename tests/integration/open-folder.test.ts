/** Pages over a data folder that another process owns, and what becomes of them when that one ends. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createORPCClient } from "@orpc/client";
import { RPCLink } from "@orpc/client/websocket";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import type { Client } from "../../core/api/socket-client.ts";
import { listenOnWeb } from "../../core/api/web/server.ts";
import { openFolder } from "../../core/open-folder.ts";
import { folderWith, openTestCore, untilDone } from "../support/core.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const experiment = {
  "gauntlet.yaml": "name: toy\ntrain: { command: [node, main.mjs] }\n",
  "main.mjs": "console.log('trained')",
};

/** Opens the link and connects as a page does. */
async function connectPage(link: string): Promise<{ client: Client; closed: Promise<number> }> {
  const { origin } = new URL(link);
  const opened = await fetch(link, { redirect: "manual" });
  const cookie = opened.headers.get("set-cookie")?.split(";")[0] ?? "";
  const socket = new WebSocket(`${origin.replace("http", "ws")}/rpc`, {
    headers: { cookie, origin },
  });
  onTestFinished(() => socket.terminate());
  const closed = new Promise<number>((resolve) => socket.on("close", resolve));
  await new Promise((resolve, reject) => {
    socket.on("open", resolve);
    socket.on("error", reject);
  });
  return { client: createORPCClient(new RPCLink({ websocket: socket })), closed };
}

test("pages speak with the core that owns the folder, and with this one once that has ended", async () => {
  const owner = await openTestCore();
  const pages = temporaryFolder();
  mkdirSync(join(pages, "assets"));
  writeFileSync(join(pages, "index.html"), "<!doctype html>");
  let taken = (): void => undefined;
  const isTaken = new Promise<void>((resolve) => (taken = resolve));
  const problems: unknown[] = [];
  const folder = await openFolder(owner.data, {
    onTaken: taken,
    onError: (error) => problems.push(error),
  });
  const server = await listenOnWeb({ answer: folder.answer, pages, host: "127.0.0.1", port: 0 });
  onTestFinished(async () => {
    await server.close();
    await folder.close();
  });
  expect(folder.isShared).toBe(true);

  const page = await connectPage(server.newLink());
  const { run } = await page.client.runs.submit({ folder: folderWith(experiment) });
  await untilDone(owner.client, [run]);
  expect((await page.client.runs.get({ run })).state).toBe("succeeded");
  const events = await page.client.events.watch({ afterSeq: 0 });
  // The first answer may tell only where the log stands.
  let heard = 0;
  for await (const { seq } of events) {
    heard = seq;
    if (heard > 0) break;
  }
  await expect(page.client.runs.get({ run: "no such run" })).rejects.toMatchObject({
    data: { code: "RUN_NOT_FOUND" },
  });

  await owner.close();
  expect(await page.closed).toBe(1012);
  await isTaken;
  const again = await connectPage(server.newLink());
  expect((await again.client.runs.get({ run })).state).toBe("succeeded");
  const second = await again.client.runs.submit({ folder: folderWith(experiment) });
  const { runs } = await untilDone(again.client, [second.run]);
  expect(runs.map(({ state }) => state)).toEqual(["succeeded"]);
  expect(problems).toEqual([]);
});

test("closing ends the connection to the owner, which goes on", async () => {
  const owner = await openTestCore();
  const folder = await openFolder(owner.data, {
    onTaken: () => expect.unreachable("the owner lives"),
    onError: (error) => expect.unreachable(String(error)),
  });
  await folder.close();
  expect((await owner.client.system.info({})).data).toBe(owner.data);
});
