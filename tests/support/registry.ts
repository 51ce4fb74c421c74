/**
 * A registry of images, on this machine alone: as much of the OCI distribution protocol as an engine
 * asks for when it fetches, with the ways in which real ones fail.
 */
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { onTestFinished } from "vitest";
import { z } from "zod";
import { temporaryFolder } from "./temporary-folder.ts";

const kinds = {
  manifest: "application/vnd.docker.distribution.manifest.v2+json",
  config: "application/vnd.docker.container.image.v1+json",
  layer: "application/vnd.docker.image.rootfs.diff.tar.gzip",
} as const;

/** How it behaves from now on; a test changes it while it runs. */
export type RegistryBehaviour = {
  /** What manifests are answered with instead, such as 500. */
  status: number | null;
  /** How many fetches are answered so; then as it should be. */
  times: number;
  /** Connections that are broken off in the middle of a layer. */
  breaks: number;
  /** Milliseconds between two pieces of a layer. */
  pause: number;
  /** `Basic` credentials that everything asks for, as `user:password`. */
  login: string | null;
};

export type Registry = {
  /** Such as `localhost:40123`, as the engine reaches it. */
  host: string;
  /** Name of the one image that it has. */
  image: string;
  digest: string;
  behaviour: RegistryBehaviour;
  /** Requests so far, such as `GET /v2/`. */
  asked: string[];
  /** Layers whose connection the other side has broken off. */
  abandoned: number;
};

type Blob = { bytes: Buffer; digest: string };

const blobOf = (bytes: Buffer): Blob => ({ bytes, digest: digestOf(bytes) });
const digestOf = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const described = ({ bytes, digest }: Blob, mediaType: string) => ({
  mediaType,
  digest,
  size: bytes.length,
});

const savedSchema = z
  .array(z.object({ Config: z.string(), Layers: z.array(z.string()) }))
  .min(1)
  .transform(([first]) => first);
const configSchema = z.looseObject({
  rootfs: z.looseObject({ diff_ids: z.array(z.string()) }),
  history: z.array(z.unknown()).optional(),
});

/**
 * Serves an image of the engine's, under a name of its own and with one more layer of `extra` random
 * bytes, so that the engine has neither the image nor all of its layers. Ends with the test.
 */
export async function startRegistry(from: string, extra = 4e6): Promise<Registry> {
  const folder = temporaryFolder();
  const archive = join(folder, "saved.tar");
  execFileSync("docker", ["save", "-o", archive, from]);
  execFileSync("tar", ["-xf", archive, "-C", folder]);
  const read = (path: string) => readFileSync(join(folder, path));
  const saved = savedSchema.parse(JSON.parse(read("manifest.json").toString("utf8")));
  if (!saved) throw new Error(`docker save gave nothing of ${from}`);

  mkdirSync(join(folder, "extra"));
  writeFileSync(join(folder, "extra", "random"), randomBytes(extra));
  execFileSync("tar", ["-cf", "extra.tar", "-C", "extra", "random"], { cwd: folder });
  const layers = [...saved.Layers, "extra.tar"].map((path) => blobOf(gzipSync(read(path))));
  const { history: _history, ...config } = configSchema.parse(
    JSON.parse(read(saved.Config).toString("utf8")),
  );
  config.rootfs.diff_ids.push(digestOf(read("extra.tar")));
  const settings = blobOf(Buffer.from(JSON.stringify(config)));
  const manifest = blobOf(
    Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: kinds.manifest,
        config: described(settings, kinds.config),
        layers: layers.map((layer) => described(layer, kinds.layer)),
      }),
    ),
  );
  return serve(manifest, settings, layers);
}

/** Bytes that are sent at once. */
const piece = 256 * 1024;

async function serve(manifest: Blob, settings: Blob, layers: Blob[]): Promise<Registry> {
  const name = `gauntlet-test/${randomBytes(4).toString("hex")}`;
  const behaviour: RegistryBehaviour = { status: null, times: 0, breaks: 0, pause: 0, login: null };
  const blobs = new Map([settings, ...layers].map((blob) => [blob.digest, blob]));
  const isLayer = new Set(layers.map(({ digest }) => digest));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "" } = request;
    registry.asked.push(`${method} ${url}`);
    const { login } = behaviour;
    if (login !== null && request.headers.authorization !== basic(login)) {
      response.setHeader("www-authenticate", 'Basic realm="test"');
      return refuse(response, 401);
    }
    if (url === "/v2/") return void response.end("{}");
    const [, kind = "", reference = ""] = /\/(manifests|blobs)\/([^/]+)$/.exec(url) ?? [];
    if (!url.startsWith(`/v2/${name}/`)) return refuse(response, 404, "NAME_UNKNOWN");
    if (kind === "manifests") {
      if (behaviour.times > 0 && behaviour.status !== null) {
        // Engines look with HEAD before they ask, and ask all the same when that fails.
        if (method === "GET") behaviour.times--;
        return refuse(response, behaviour.status);
      }
      if (reference !== "1" && reference !== manifest.digest)
        return refuse(response, 404, "MANIFEST_UNKNOWN");
      response.writeHead(200, {
        "content-type": kinds.manifest,
        "docker-content-digest": manifest.digest,
        "content-length": manifest.bytes.length,
      });
      return void response.end(method === "HEAD" ? undefined : manifest.bytes);
    }
    const blob = blobs.get(reference);
    if (!blob) return refuse(response, 404, "BLOB_UNKNOWN");
    await sendBlob(request, response, blob);
  }

  async function sendBlob(
    { headers: { range } }: IncomingMessage,
    response: ServerResponse,
    { bytes, digest }: Blob,
  ): Promise<void> {
    // An engine whose connection was broken asks for the rest alone.
    const from = Number(/^bytes=(\d+)-/.exec(range ?? "")?.[1] ?? 0);
    response.writeHead(from > 0 ? 206 : 200, {
      "content-length": bytes.length - from,
      ...(from > 0 && { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` }),
    });
    let left = false;
    response.once("close", () => (left = true));
    for (let at = from; at < bytes.length && !left; at += piece) {
      // The last piece is kept back from a connection that is to be broken off.
      if (isLayer.has(digest) && at + piece >= bytes.length && behaviour.breaks > 0) {
        behaviour.breaks--;
        return void response.destroy();
      }
      response.write(bytes.subarray(at, at + piece));
      if (isLayer.has(digest) && behaviour.pause > 0) await sleep(behaviour.pause);
    }
    if (left) registry.abandoned++;
    response.end();
  }

  const server = createServer((request, response) => {
    void answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const host = `localhost:${port}`;
  const image = `${host}/${name}:1`;
  const registry: Registry = {
    host,
    image,
    digest: `${host}/${name}@${manifest.digest}`,
    behaviour,
    asked: [],
    abandoned: 0,
  };
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    try {
      execFileSync("docker", ["rmi", "-f", image], { stdio: "ignore" });
    } catch {
      // The test was of one that never came to be there.
    }
  });
  return registry;
}

const basic = (login: string) => `Basic ${Buffer.from(login).toString("base64")}`;

const codes: Readonly<Record<number, string>> = {
  401: "UNAUTHORIZED",
  403: "DENIED",
  429: "TOOMANYREQUESTS",
};

function refuse(response: ServerResponse, status: number, code = codes[status] ?? "UNKNOWN"): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ errors: [{ code, message: code.toLowerCase() }] }));
}
