import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { installationFolder } from "../platform/installation.ts";

/** Gauntlet's own version, from package.json. */
export const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(join(installationFolder, "package.json"), "utf8")));
