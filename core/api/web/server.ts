import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { GauntletError } from "../../../shared/errors.ts";
import { isErrno } from "../../platform/errno.ts";
import type { Answer } from "../answer.ts";
import { createAccess, isOurHost, isOwnOrigin } from "./access.ts";
import { readPageFiles, type PageFile } from "./files.ts";
import { securityHeaders } from "./headers.ts";

const largestMessage = 16 * 2 ** 20;
/** Tunnels forget connections on which nothing is said; ms. */
const pingInterval = 30_000;

export type WebServer = {
  port: number;
  /** An address that opens the pages in one browser, once. */
  newLink(): string;
  close(): Promise<void>;
};

/**
 * Serves the pages and the contract to browsers: files over HTTP, which hold no secret, and calls
 * over a WebSocket, for whoever opened a link. Every request must name this server as its host, and
 * none may come from a page of another origin. Throws PORT_IN_USE and RENDERER_MISSING.
 */
export async function listenOnWeb(options: {
  /** Speaks the contract with a page. */
  answer: Answer;
  /** Folder of the built pages. */
  pages: string;
  host: string;
  /** 0: a free one. */
  port: number;
}): Promise<WebServer> {
  const { host, answer: answerPage } = options;
  const fileAt = readPageFiles(options.pages);
  if (!fileAt) throw new GauntletError("RENDERER_MISSING", "The pages of the app are not built.");
  const http = createServer((request, response) => answer(request, response));
  await listening(http, host, options.port);
  const { port } = http.address() as AddressInfo;
  const access = createAccess(`gauntlet-${port}`);
  const sockets = new WebSocketServer({ noServer: true, maxPayload: largestMessage });

  function answer(request: IncomingMessage, response: ServerResponse): void {
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    if (!isOurHost(request.headers.host, host))
      return refuse(response, 403, "This server has another name.");
    if (request.headers.origin !== undefined && !isOwnOrigin(request))
      return refuse(response, 403, "Another page asks for this.");
    if (request.method !== "GET" && request.method !== "HEAD")
      return refuse(response, 405, "Only GET is answered.");
    const url = URL.parse(request.url ?? "/", "http://gauntlet");
    if (!url) return refuse(response, 400, "This is no address.");
    const token = url.searchParams.get("token");
    if (token !== null) return openSession(token, response);
    if (url.pathname === "/session") {
      response.setHeader("Cache-Control", "no-store");
      response.writeHead(access.hasSession(request) ? 204 : 401).end();
      return undefined;
    }
    const file = fileAt?.(url.pathname);
    if (!file) return refuse(response, 404, "There is no such page.");
    return sendFile(file, request, response);
  }

  function openSession(token: string, response: ServerResponse): void {
    response.setHeader("Cache-Control", "no-store");
    const cookie = access.open(token);
    if (cookie === null)
      return refuse(
        response,
        403,
        "This link is not valid, or it was used: a link opens Gauntlet once.\n" +
          "Press Enter in the terminal where gauntlet serve runs for a new one.",
      );
    response.setHeader("Set-Cookie", cookie);
    response.writeHead(303, { Location: "/" }).end();
  }

  http.on("upgrade", (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on("error", () => stream.destroy());
    const isAsked = URL.parse(request.url ?? "", "http://gauntlet")?.pathname === "/rpc";
    const isOurs = isOurHost(request.headers.host, host) && isOwnOrigin(request);
    if (!isAsked || !isOurs) return reject(stream, "403 Forbidden");
    if (!access.hasSession(request)) return reject(stream, "401 Unauthorized");
    sockets.handleUpgrade(request, stream, head, (socket) => {
      keepAlive(socket);
      answerPage(socket);
    });
  });

  return {
    port,
    newLink: () => `http://${nameFor(host)}:${port}/?token=${access.newToken()}`,
    async close() {
      for (const socket of sockets.clients) socket.close(1001, "closing");
      sockets.close();
      http.closeAllConnections();
      await new Promise<void>((resolve) => http.close(() => resolve()));
    },
  };
}

function listening(http: ReturnType<typeof createServer>, host: string, port: number) {
  return new Promise<void>((resolve, reject) => {
    http.once("error", (error) => {
      const isTaken = isErrno(error, "EADDRINUSE") || isErrno(error, "EACCES");
      const message = `Nothing can listen on ${host}, port ${port}.`;
      reject(isTaken ? new GauntletError("PORT_IN_USE", message, { cause: error }) : error);
    });
    http.listen(port, host, resolve);
  });
}

/** What to type for a host that is listened on. */
function nameFor(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}

function sendFile(file: PageFile, request: IncomingMessage, response: ServerResponse): void {
  const zipped = /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? ""));
  const body = (zipped ? file.gzip : null) ?? file.plain;
  response.setHeader("Content-Type", file.type);
  response.setHeader("Content-Length", body.length);
  response.setHeader("Vary", "Accept-Encoding");
  response.setHeader(
    "Cache-Control",
    file.lasting ? "public, max-age=31536000, immutable" : "no-cache",
  );
  if (body === file.gzip) response.setHeader("Content-Encoding", "gzip");
  response.writeHead(200).end(request.method === "HEAD" ? undefined : body);
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8" }).end(`${text}\n`);
}

function reject(stream: Duplex, status: string): void {
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** Ends a connection whose other end has gone without a word. */
function keepAlive(socket: WebSocket): void {
  let answered = true;
  socket.on("pong", () => (answered = true));
  const timer = setInterval(() => {
    if (!answered) {
      socket.terminate();
      return;
    }
    answered = false;
    socket.ping();
  }, pingInterval);
  timer.unref();
  socket.on("close", () => clearInterval(timer));
  socket.on("error", () => socket.terminate());
}
