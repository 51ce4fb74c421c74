/** A model that a command of the experiment serves. */
import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { startChild } from "../child.ts";
import { HttpModel } from "./http-model.ts";
import type { ModelSource } from "./model.ts";
import { ModelError } from "./model.ts";

const slowestProbe = 250;

/**
 * Starts the command in in/code with a free port and asks until it answers. How long loading may
 * take is the job's own limit.
 * @throws ModelError when the command ends instead
 */
export async function serveModel(
  command: readonly string[],
  codeFolder: string,
  classes: number,
  shape: number[],
): Promise<ModelSource> {
  const port = await freePort();
  const token = randomBytes(24).toString("base64url");
  const child = startChild(
    command.map((part) => part.replaceAll("{port}", String(port))),
    {
      cwd: codeFolder,
      env: { GAUNTLET_MODEL_PORT: String(port), GAUNTLET_MODEL_TOKEN: token },
      stdio: ["ignore", "inherit", "inherit"],
    },
  );
  const model = new HttpModel({ port, token, child, classes, shape });
  for (let wait = 10; ; wait = Math.min(wait * 1.5, slowestProbe)) {
    try {
      return await model.source();
    } catch (error) {
      if (!isNotListening(error)) {
        await child.stop();
        throw error;
      }
    }
    const ending = await Promise.race([child.ended, delay(wait, null)]);
    if (ending) throw new ModelError(`The model's program ${ending.words}.`);
  }
}

function isNotListening(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ECONNREFUSED";
}

/** A port that was free a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
