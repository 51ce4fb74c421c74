/** The docker command's own settings: where the engine is, and what it has logged in to. */
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { z } from "zod";

/** `DOCKER_CONFIG`, else `.docker` in the user's home. */
export function dockerConfigFolder(env: NodeJS.ProcessEnv = process.env): string {
  return env["DOCKER_CONFIG"] ?? join(homedir(), ".docker");
}

/** Null where there is no such file, or nothing in it that can be used: the command would complain. */
export async function readDockerFile<T>(file: string, schema: z.ZodType<T>): Promise<T | null> {
  try {
    return schema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return null;
  }
}
