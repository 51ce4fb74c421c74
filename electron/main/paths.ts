import { existsSync, promises as fs } from "node:fs";
import { join } from "node:path";
import { app } from "electron";
import { defaultDataFolder } from "../../core/platform/data-folder.ts";

/** The folder that cli/, core/ and resources/ stand in: a clone, or what the package brings along. */
export async function installation(data: string): Promise<string> {
  if (!app.isPackaged) return join(__dirname, "..", "..");
  const shipped = join(process.resourcesPath, "gauntlet");
  return process.env["APPIMAGE"] ? copyOf(shipped, join(data, "runtime")) : shipped;
}

/** Copies that are kept: of this version, and of the one before, from which jobs may still run. */
const mostCopies = 2;

/**
 * An AppImage is there only while the app runs, and jobs outlive it: they run from a copy in the data
 * folder, one for each version. It is whole once it has its name.
 */
async function copyOf(shipped: string, runtimes: string): Promise<string> {
  const copy = join(runtimes, app.getVersion());
  if (existsSync(copy)) return copy;
  const half = `${copy}.${process.pid}.tmp`;
  await fs.mkdir(runtimes, { recursive: true });
  await fs.cp(shipped, half, { recursive: true });
  await fs.rename(half, copy);
  await removeOld(runtimes);
  return copy;
}

/** Removes all but the newest copies, 200 MB each, and what of a copy was left half done. */
async function removeOld(runtimes: string): Promise<void> {
  const copies = await Promise.all(
    (await fs.readdir(runtimes)).map(async (name) => {
      const path = join(runtimes, name);
      return { path, made: (await fs.stat(path)).ctimeMs };
    }),
  );
  copies.sort((left, right) => right.made - left.made);
  for (const { path } of copies.slice(mostCopies)) await fs.rm(path, { recursive: true });
}

/** The Node that the core and jobs run on; see docs/decisions/0014-a-node-of-its-own.md. */
export function nodeOf(folder: string): string {
  const name = process.platform === "win32" ? "node.exe" : "node";
  const own = join(folder, "node_modules", "node", "bin", name);
  // In a clone whose Node is new enough `npm start` names the one that it runs on.
  return existsSync(own) ? own : (process.env["GAUNTLET_NODE"] ?? name);
}

/** As `--data` says, or the platform's own. */
export function dataFolder(): string {
  const at = process.argv.indexOf("--data");
  return (at > 0 && process.argv[at + 1]) || defaultDataFolder();
}
