/** A model in Python, asked through our host program. */
import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import type { Child } from "../child.ts";
import { checkPython, startPython } from "../child.ts";
import type { RunFolder } from "../run-folder.ts";
import { HttpModel } from "./http-model.ts";
import type { ModelSource } from "./model.ts";
import { ModelError } from "./model.ts";

/**
 * Starts the host, which loads function `name` of `file` in in/code and calls it with in/model.
 * @throws GauntletError PYTHON_MISSING; ModelError when the user's code failed
 */
export async function hostPythonModel(
  entry: { file: string; name: string },
  folder: RunFolder,
  classes: number,
  shape: number[],
): Promise<ModelSource> {
  const token = randomBytes(24).toString("base64url");
  const child = startPython("model_host.py", [entry.file, entry.name, folder.model], {
    cwd: folder.code,
    env: { GAUNTLET_MODEL_TOKEN: token },
    stdout: "pipe",
  });
  const port = await announcedPort(child);
  return new HttpModel({ port, token, child, classes, shape }).source();
}

/** The host tells its port in its first line, before any code of the user runs. */
async function announcedPort(child: Child): Promise<number> {
  const { stdout } = child.process;
  if (!stdout) throw new ModelError("The Python program has no standard output.");
  const announced = new Promise<string>((resolve) => {
    const lines = createInterface({ input: stdout });
    lines.once("line", resolve);
    lines.on("line", (line) => {
      if (!line.startsWith("GAUNTLET_PORT ")) console.log(line);
    });
  });
  const line = await Promise.race([announced, child.ended]);
  if (typeof line !== "string") {
    checkPython(line);
    throw new ModelError(`The model's program ${line.words}.`);
  }
  const port = Number(/^GAUNTLET_PORT (\d+)$/.exec(line)?.[1]);
  if (port > 0) return port;
  throw new ModelError("The Python program did not tell its port.");
}
