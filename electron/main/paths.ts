import { existsSync } from "node:fs";
import { join } from "node:path";
import { app } from "electron";
import { defaultDataFolder } from "../../core/platform/data-folder.ts";

/** The folder that cli/, core/ and resources/ stand in: a clone, or what the package brings along. */
export function installation(): string {
  return app.isPackaged ? join(process.resourcesPath, "gauntlet") : join(__dirname, "..", "..");
}

/** The Node that the core and jobs run on; see docs/decisions/0014-a-node-of-its-own.md. */
export function nodeOf(folder: string): string {
  const name = process.platform === "win32" ? "node.exe" : "node";
  const own = join(folder, "node_modules", "node", "bin", name);
  // In a clone whose Node is new enough `npm start` names the one that it runs on.
  return existsSync(own) ? own : (process.env["GAUNTLET_NODE"] ?? name);
}

export function dataFolder(): string {
  const at = process.argv.indexOf("--data");
  return (at > 0 && process.argv[at + 1]) || defaultDataFolder();
}
