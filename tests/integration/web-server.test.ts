/** What the web server lets through, and what it does not, asked as an attacker would. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { join } from "node:path";
import { createORPCClient } from "@orpc/client";
import { RPCLink } from "@orpc/client/websocket";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import type { Client } from "../../core/api/socket-client.ts";
import { listenOnWeb } from "../../core/api/web/server.ts";
import { connectFolder } from "../../core/open-folder.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

async function startServer(host = "127.0.0.1") {
  const pages = temporaryFolder();
  mkdirSync(join(pages, "assets"));
  writeFileSync(join(pages, "index.html"), "<!doctype html><title>Gauntlet</title>");
  writeFileSync(join(pages, "assets", "app.js"), "export const answer = 42;".repeat(50));
  writeFileSync(join(pages, ".built-from"), "secret of the build");
  const folder = await connectFolder(temporaryFolder());
  if (!folder.answer) throw new Error("a new folder has an owner already");
  const server = await listenOnWeb({ answer: folder.answer, pages, host, port: 0 });
  onTestFinished(async () => {
    await server.close();
    await folder.close();
  });
  return { ...server, pages, own: `http://127.0.0.1:${server.port}` };
}

type Answer = { status: number; headers: IncomingHttpHeaders; body: string };

/** A request whose path and headers go out as they are: `fetch` would tidy them up. */
function ask(
  port: number,
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path, headers, method }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (body += chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    });
    asked.on("error", reject);
    asked.end();
  });
}

/** The status that refuses a WebSocket, or 101 when it opens. */
function askSocket(port: number, path: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
    socket.on("open", () => {
      socket.close();
      resolve(101);
    });
    socket.on("unexpected-response", (_request, response) => {
      response.destroy();
      resolve(response.statusCode ?? 0);
    });
    socket.on("error", reject);
  });
}

async function cookieOf(server: { port: number; newLink(): string }): Promise<string> {
  const { pathname, search } = new URL(server.newLink());
  const { status, headers } = await ask(server.port, pathname + search);
  expect({ status, location: headers.location }).toEqual({ status: 303, location: "/" });
  return headers["set-cookie"]?.[0] ?? "";
}

test("a link opens one session, whose cookie no script can read and no other site can send", async () => {
  const server = await startServer();
  const { pathname, search } = new URL(server.newLink());
  const opened = await ask(server.port, pathname + search);
  const [cookie = ""] = opened.headers["set-cookie"] ?? [];
  expect(cookie).toMatch(/^gauntlet-\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
  expect((await ask(server.port, pathname + search)).status).toBe(403);
  const session = await ask(server.port, "/session", { cookie: cookie.split(";")[0] ?? "" });
  expect(session.status).toBe(204);
});

test("a wrong token, a wrong cookie and none open nothing", async () => {
  const { port, own, ...server } = await startServer();
  const real = new URL(server.newLink()).searchParams.get("token") ?? "";
  for (const token of ["", "x", real.slice(0, -1), `${real}x`, "%00", "a".repeat(5000)])
    expect((await ask(port, `/?token=${token}`)).status, token).toBe(403);
  for (const cookie of ["", `gauntlet-${port}=`, `gauntlet-${port}=${real}`, `other=${real}`]) {
    expect((await ask(port, "/session", { cookie })).status, cookie).toBe(401);
    expect(await askSocket(port, "/rpc", { cookie, origin: own }), cookie).toBe(401);
  }
});

test("the contract answers over the socket of a session", async () => {
  const server = await startServer();
  const cookie = await cookieOf(server);
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/rpc`, {
    headers: { cookie, origin: server.own },
  });
  const client: Client = createORPCClient(new RPCLink({ websocket: socket }));
  expect((await client.system.overview({})).runs).toBe(0);
  const refused = client.runs.get({ run: "nobody" });
  await expect(refused).rejects.toMatchObject({ data: { code: "RUN_NOT_FOUND" } });
  socket.close();
});

test("a name that was pointed here is not answered", async () => {
  const server = await startServer();
  const cookie = await cookieOf(server);
  const { port } = server;
  const wrong = [
    "evil.example",
    `evil.example:${port}`,
    `127.0.0.1.evil.example:${port}`,
    `localhost.evil.example`,
    "192.0.2.7",
    "user@127.0.0.1",
    "127.0.0.1/evil",
  ];
  for (const host of wrong) {
    expect((await ask(port, "/", { host })).status, host).toBe(403);
    const origin = `http://${host}`;
    expect(await askSocket(port, "/rpc", { host, origin, cookie }), host).toBe(403);
  }
  for (const host of [`localhost:${port}`, "127.0.0.1:9999", "[::1]"])
    expect((await ask(port, "/", { host })).status, host).toBe(200);
});

test("a page of another origin is refused, with the cookie too", async () => {
  const server = await startServer();
  const cookie = await cookieOf(server);
  const { port } = server;
  const foreign = [
    "https://evil.example",
    "null",
    "http://127.0.0.1:1",
    "http://localhost",
    "file://",
  ];
  for (const origin of foreign) {
    expect((await ask(port, "/", { origin, cookie })).status, origin).toBe(403);
    expect(await askSocket(port, "/rpc", { origin, cookie }), origin).toBe(403);
  }
  // A program that names no origin is no browser: it has the socket file.
  expect(await askSocket(port, "/rpc", { cookie })).toBe(403);
  expect(await askSocket(port, "/other", { cookie, origin: server.own })).toBe(403);
  expect(await askSocket(port, "/rpc", { cookie, origin: server.own })).toBe(101);
});

test("only files of the build are served, whatever a path says", async () => {
  const { port } = await startServer();
  const outside = [
    "/../package.json",
    "/assets/../../package.json",
    "/..%2f..%2fpackage.json",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/assets/..\\..\\package.json",
    "//etc/passwd",
    "/.built-from",
    "/assets",
    "/assets/",
    "/etc/passwd%00.js",
  ];
  for (const path of outside) expect((await ask(port, path)).status, path).toBe(404);
  const script = await ask(port, "/assets/app.js", { "accept-encoding": "gzip" });
  expect(script.headers).toMatchObject({
    "content-type": "text/javascript; charset=utf-8",
    "content-encoding": "gzip",
  });
  expect((await ask(port, "/assets/app.js")).body).toMatch(/^export const answer = 42;/);
});

test("every answer forbids foreign and inline code, frames and guessed types", async () => {
  const { port } = await startServer();
  for (const path of ["/", "/assets/app.js", "/missing", "/?token=wrong", "/session"]) {
    const { headers } = await ask(port, path);
    const policy = String(headers["content-security-policy"]);
    expect(policy, path).toContain("default-src 'none'");
    expect(policy, path).toContain("script-src 'self';");
    expect(policy, path).toContain("frame-ancestors 'none'");
    expect(policy, path).not.toMatch(/unsafe|\*|https?:/);
    expect(headers, path).toMatchObject({
      "x-content-type-options": "nosniff",
      "cross-origin-resource-policy": "same-origin",
      "referrer-policy": "no-referrer",
    });
    expect(headers, path).not.toHaveProperty("access-control-allow-origin");
  }
  expect((await ask(port, "/", {}, "POST")).status).toBe(405);
});

test("pages that are replaced while they are served stay those of this core", async () => {
  const { port, pages } = await startServer();
  rmSync(join(pages, "assets"), { recursive: true });
  writeFileSync(join(pages, "index.html"), "another version");
  writeFileSync(join(pages, "new.js"), "new");
  expect(await ask(port, "/assets/app.js")).toMatchObject({ status: 200 });
  expect((await ask(port, "/")).body).toContain("<title>Gauntlet</title>");
  expect(await ask(port, "/new.js")).toMatchObject({ status: 404 });
});

test("a port that is taken and pages that are not built are told as such", async () => {
  const { port } = await startServer();
  const options = { answer: () => undefined, pages: temporaryFolder(), host: "127.0.0.1", port };
  await expect(listenOnWeb(options)).rejects.toMatchObject({ code: "RENDERER_MISSING" });
  writeFileSync(join(options.pages, "index.html"), "");
  await expect(listenOnWeb(options)).rejects.toMatchObject({ code: "PORT_IN_USE" });
});
