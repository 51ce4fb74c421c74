/** Where the Docker Engine answers: as the docker command finds it. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { dockerConfigFolder, readDockerFile } from "./config.ts";

const systemSocket =
  process.platform === "win32" ? "npipe:////./pipe/docker_engine" : "unix:///var/run/docker.sock";

const configSchema = z.object({ currentContext: z.string().optional() });
const contextSchema = z.object({
  Endpoints: z.object({ docker: z.object({ Host: z.string().min(1) }) }),
});

/**
 * `DOCKER_HOST`, else the docker command's current context (as Docker Desktop and rootless engines
 * make one), else the system's socket.
 */
export async function dockerAddress(
  env: NodeJS.ProcessEnv = process.env,
  config = dockerConfigFolder(env),
): Promise<string> {
  if (env["DOCKER_HOST"]) return env["DOCKER_HOST"];
  const name =
    env["DOCKER_CONTEXT"] ??
    (await readDockerFile(join(config, "config.json"), configSchema))?.currentContext;
  if (name === undefined || name === "default") return systemSocket;
  // The command keeps each context in a folder that is named by its hash.
  const folder = createHash("sha256").update(name).digest("hex");
  const context = await readDockerFile(
    join(config, "contexts", "meta", folder, "meta.json"),
    contextSchema,
  );
  return context?.Endpoints.docker.Host ?? systemSocket;
}
