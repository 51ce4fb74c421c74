import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { installationFolder } from "../core/platform/installation.ts";
import { GauntletError } from "../shared/errors.ts";

/**
 * The folder of the app's built pages. In a clone they are built when they are missing or older
 * than their sources. Throws RENDERER_MISSING.
 */
export async function builtPages(): Promise<string> {
  const builder = join(installationFolder, "scripts", "build-renderer.mjs");
  if (existsSync(builder) && existsSync(join(installationFolder, "node_modules", "vite")))
    await build(builder);
  const pages = join(installationFolder, "dist", "renderer");
  if (existsSync(join(pages, "index.html"))) return pages;
  throw new GauntletError("RENDERER_MISSING", "The pages of the app are not built.");
}

function build(builder: string): Promise<void> {
  const child = spawn(process.execPath, [builder, "--if-needed"], {
    cwd: installationFolder,
    // What it says is no result of the command.
    stdio: ["ignore", 2, 2],
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => {
      if (code === 0) resolve();
      else
        reject(new GauntletError("RENDERER_MISSING", "The pages of the app could not be built."));
    });
  });
}
