/** What the docker command has logged in to: an engine knows nothing of it unless it is told. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { z } from "zod";
import { dockerConfigFolder, readDockerFile } from "./config.ts";

/** As the engine takes it, with one image or build; kept nowhere. */
export type Login = { serveraddress: string } & (
  | { username: string; password: string }
  | { identitytoken: string }
);

const configSchema = z.object({
  auths: z
    .record(
      z.string(),
      z.object({ auth: z.string().optional(), identitytoken: z.string().optional() }),
    )
    .default({}),
  credsStore: z.string().optional(),
  credHelpers: z.record(z.string(), z.string()).default({}),
});

const hub = "docker.io";
/** The name that the docker command has for Docker Hub in its settings. */
const hubServer = "https://index.docker.io/v1/";

/** The registry that an image's name stands for, such as `ghcr.io`; `docker.io` where it names none. */
export function registryOf(image: string): string {
  const [first = "", ...rest] = image.split("/");
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  return isHost ? first : hub;
}

/**
 * What `docker login` has kept for an image's registry, in its settings or in a helper's keeping;
 * null for none, and where it cannot be read: the registry then says what is missing.
 * @param signal ends a helper that is asked; there is no login then
 */
export async function loginFor(
  image: string,
  signal: AbortSignal,
  folder = dockerConfigFolder(),
): Promise<Login | null> {
  const config = await readDockerFile(join(folder, "config.json"), configSchema);
  if (!config) return null;
  const registry = registryOf(image);
  const server = registry === hub ? hubServer : registry;
  const helper = config.credHelpers[server] ?? config.credsStore;
  if (helper !== undefined) {
    const told = await askHelper(helper, server, signal);
    if (told) return told;
  }
  const kept = config.auths[server] ?? config.auths[`https://${server}`];
  if (kept?.identitytoken) return { serveraddress: server, identitytoken: kept.identitytoken };
  const [, username, password] =
    /^([^:]+):(.*)$/s.exec(Buffer.from(kept?.auth ?? "", "base64").toString("utf8")) ?? [];
  if (username === undefined || password === undefined) return null;
  return { serveraddress: server, username, password: password.replace(/\0+$/, "") };
}

const toldSchema = z.object({ Username: z.string(), Secret: z.string().min(1) });
/** Of what a helper prints, bytes, and of its time, ms. */
const mostTold = 64 * 1024;
const patience = 10_000;
/** From a helper's end to that of its output, which what it has started may keep open, ms. */
const outputPatience = 500;

/** Asks a program of the docker command's, as it does: the server's name goes to its input. */
async function askHelper(
  helper: string,
  server: string,
  signal: AbortSignal,
): Promise<Login | null> {
  // It is a part of a program's name, and must not lead to one elsewhere.
  if (!/^[\w.-]+$/.test(helper)) return null;
  const child = spawn(`docker-credential-${helper}`, ["get"], {
    stdio: ["pipe", "pipe", "ignore"],
    signal: AbortSignal.any([signal, AbortSignal.timeout(patience)]),
    // One that hangs may do so in what it does when it is asked to end.
    killSignal: "SIGKILL",
    windowsHide: true,
  });
  const ended = new Promise<number | null>((resolve) => {
    // Of the signal, too, which is heard at once.
    child.once("error", () => resolve(null));
    child.once("close", resolve);
    child.once("exit", (status) => setTimeout(resolve, outputPatience, status).unref());
  });
  child.stdin.on("error", () => undefined); // It may end before it has read.
  child.stdin.end(server);
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => {
    if (text.length < mostTold) text += chunk.toString("utf8");
  });
  const status = await ended;
  child.stdout.destroy();
  if (status !== 0) return null;
  try {
    const { Username, Secret } = toldSchema.parse(JSON.parse(text));
    return Username === "<token>"
      ? { serveraddress: server, identitytoken: Secret }
      : { serveraddress: server, username: Username, password: Secret };
  } catch {
    return null; // Not what such a program says.
  }
}
