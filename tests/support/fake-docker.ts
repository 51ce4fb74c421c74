/** A Docker Engine that only answers: for the states that a real one cannot be brought into. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, onTestFinished } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";

export type FakeImage = { name: string; size?: number; digest?: string };

export type FakeEngine = {
  images?: readonly FakeImage[];
  /** Where its images lie; a folder of this machine has its disk looked at. */
  root?: string;
  runtimes?: readonly string[];
  /** Devices that it has found in CDI specifications, such as `nvidia.com/gpu=0`. */
  cdi?: readonly string[];
  /** Names of containers that are there already. */
  left?: readonly string[];
  /** Called with what a container is to be made of. */
  onCreate?: (settings: unknown) => void;
  /** What making a container is refused with. */
  refuses?: string;
  /** Exit status of every container. */
  exitCode?: number;
  /** What every container tells those who are attached to it, and what its log holds in the end. */
  output?: { attached: string; log: string };
  /** Called when the end of a container is waited for, which is told once it resolves. */
  onWait?: () => Promise<void>;
  /** Called when a log is asked for, which is given once it resolves. */
  onLog?: () => Promise<void>;
  /** All that it answers with, such as 500 for an engine that is broken. */
  broken?: { status: number; message: string };
  /** Called when an image is to be fetched or built, with what reports progress and then ends. */
  onImage?: (tell: (event: object) => void) => Promise<void>;
};

/** A path for a socket that nobody listens on yet. */
export function socketPath(): string {
  return join(temporaryFolder(), "docker.sock");
}

/** One that lasts for a whole file of tests; the system's folder of temporary files keeps nothing. */
export function fixedSocket(): string {
  const folder = mkdtempSync(join(tmpdir(), "gauntlet-docker-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "docker.sock");
}

type Answer = (
  response: ServerResponse,
  match: readonly string[],
  request: IncomingMessage,
) => void | Promise<void>;

/** Answers on a socket until the test ends. Returns what closes it sooner. */
export async function startFakeDocker(
  socket: string,
  engine: FakeEngine = {},
): Promise<() => Promise<void>> {
  const images = new Map((engine.images ?? []).map((image) => [image.name, image]));
  const containers = new Map((engine.left ?? []).map((name) => [name, fakeContainer()]));

  const routes: [RegExp, Answer][] = [
    [/^GET \/version$/, (to) => send(to, 200, { Version: "27.1.0", ApiVersion: "1.46" })],
    [
      /^GET \/info$/,
      (to) =>
        send(to, 200, {
          DockerRootDir: engine.root ?? "/nowhere/to/be/found",
          Runtimes: Object.fromEntries((engine.runtimes ?? ["runc"]).map((name) => [name, {}])),
          ...(engine.cdi && {
            DiscoveredDevices: engine.cdi.map((ID) => ({ Source: "cdi", ID })),
          }),
        }),
    ],
    [
      /^GET \/images\/json$/,
      (to) =>
        send(
          to,
          200,
          [...images.values()].map(({ name, size = 80e6 }) => ({ RepoTags: [name], Size: size })),
        ),
    ],
    [
      /^GET \/images\/(.+)\/json$/,
      (to, [name = ""]) => {
        const image = images.get(decodeURIComponent(name));
        if (!image) return send(to, 404, { message: `No such image: ${name}` });
        send(to, 200, { Id: imageId, RepoDigests: image.digest ? [image.digest] : [] });
      },
    ],
    [
      /^POST \/(?:images\/create|build)\?(.+)/,
      async (to, [query]) => {
        const asked = new URLSearchParams(query);
        const fetched = [asked.get("fromImage"), asked.get("tag")].filter(Boolean).join(":");
        to.writeHead(200, { "content-type": "application/json" });
        await engine.onImage?.((event) => to.write(`${JSON.stringify(event)}\n`));
        const name = asked.get("t") ?? fetched;
        images.set(name, { name });
        to.end();
      },
    ],
    [
      /^POST \/containers\/create\?name=([^&]+)/,
      async (to, [name = ""], request) => {
        if (engine.onCreate) engine.onCreate(JSON.parse(await text(request)));
        if (engine.refuses !== undefined) return send(to, 500, { message: engine.refuses });
        containers.set(name, fakeContainer());
        send(to, 201, { Id: name });
      },
    ],
    [
      /^GET \/containers\/json$/,
      (to) =>
        send(
          to,
          200,
          [...containers.keys()].map((name) => ({ Id: name, Names: [`/${name}`], Created: 0 })),
        ),
    ],
    [
      /^GET \/containers\/([^/]+)\/json$/,
      (to, [name = ""]) => {
        const state = containers.get(name);
        if (!state) return send(to, 404, { message: "No such container" });
        send(to, 200, { Id: name, State: state, HostConfig: {} });
      },
    ],
    [
      /^POST \/containers\/([^/]+)\/start$/,
      (to, [name = ""]) => {
        const now = new Date().toISOString();
        const code = engine.exitCode ?? 0;
        // It has ended before anybody looks.
        containers.set(name, {
          ...fakeContainer(),
          Status: "exited",
          ExitCode: code,
          StartedAt: now,
          FinishedAt: now,
        });
        send(to, 204);
      },
    ],
    // Whatever is looked for is in every image.
    [/^HEAD \/containers\/[^/]+\/archive/, (to) => send(to, 200)],
    [
      /^POST \/containers\/[^/]+\/wait/,
      async (to) => {
        // As a real engine does: that it has heard the question is answered at once.
        to.writeHead(200, { "content-type": "application/json" });
        to.flushHeaders();
        await engine.onWait?.();
        to.end(JSON.stringify({ StatusCode: engine.exitCode ?? 0 }));
      },
    ],
    [
      /^POST \/containers\/[^/]+\/attach/,
      (to) => {
        to.writeHead(200);
        to.end(frameOf(engine.output?.attached ?? ""));
      },
    ],
    [
      /^GET \/containers\/[^/]+\/logs/,
      async (to) => {
        await engine.onLog?.();
        to.writeHead(200);
        to.end(frameOf(engine.output?.log ?? ""));
      },
    ],
    [
      /^DELETE \/containers\/([^/?]+)/,
      (to, [name = ""]) =>
        containers.delete(name) ? send(to, 204) : send(to, 404, { message: "No such container" }),
    ],
  ];

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A client that keeps a connection would try it again with the engine of the next test.
    response.setHeader("connection", "close");
    if (engine.broken)
      return send(response, engine.broken.status, { message: engine.broken.message });
    const asked = `${request.method} ${request.url}`;
    for (const [pattern, give] of routes) {
      const match = pattern.exec(asked.replace(/(\/json)\?.*$/, "$1"));
      if (match) {
        await give(response, match.slice(1), request);
        request.resume();
        return;
      }
    }
    send(response, 404, { message: `not answered here: ${asked}` });
  }

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(socket, { force: true });
  };
  onTestFinished(close);
  return close;
}

export const imageId = `sha256:${"a1".repeat(32)}`;

function fakeContainer() {
  return {
    Status: "created",
    Running: false,
    OOMKilled: false,
    ExitCode: 0,
    Pid: 0,
    StartedAt: "",
    FinishedAt: "",
  };
}

/** Text of the standard output as Docker frames it. */
function frameOf(text: string): Buffer {
  const head = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([head, Buffer.from(text)]);
}

function send(response: ServerResponse, status: number, body?: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(body && JSON.stringify(body));
}
